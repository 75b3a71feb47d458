"""Which breaks a command is about: the options that the list of breaks and its workbook share."""

from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any

import click

from recon.core.errors import NumberRefused
from recon.core.money import parse
from recon.pipeline.breaks import Asked

_STATUSES = ("open", "assigned", "resolved", "cleared")


class _Number(click.ParamType[Decimal]):
    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        try:
            return value if isinstance(value, Decimal) else parse(value)
        except NumberRefused:
            self.fail(f"{value!r} is not an amount like 1234.56", param, ctx)


_OPTIONS = (
    click.option("--source", "sources", multiple=True, help="Only of this source."),
    click.option("--check", "checks", multiple=True, help="Only of this check."),
    click.option("--owner", "owners", multiple=True, help="Only those that somebody owns; '' is nobody."),
    click.option(
        "--status",
        "statuses",
        multiple=True,
        type=click.Choice([*_STATUSES, "all"]),
        help="Only in this state; else all that are not cleared.",
    ),
    click.option("--age", type=click.IntRange(min=0), default=0, help="Only so many days old, or older."),
    click.option("--value", type=_Number(), help="Only worth so much in base currency, or more."),
)


def asked(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options, and hands them to the function as its argument ``asked``."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> None:
        told = {name: options.pop(name) for name in Asked._fields}
        statuses = told["statuses"]
        told["statuses"] = _STATUSES if "all" in statuses else tuple(statuses) or Asked().statuses
        function(*args, asked=Asked(**told), **options)

    for option in reversed(_OPTIONS):
        run = option(run)
    return run
