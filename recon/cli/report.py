"""``recon report``: the files that people keep."""

from collections.abc import Sequence
from pathlib import Path

import click

from recon.cli._output import Options, plain
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, reading
from recon.core.errors import ConfigError
from recon.pipeline.config import Config
from recon.pipeline.report import report_names, workbook_names, write_reports

_TAX = "tax"
_FIRST_YEAR, _LAST_YEAR = 2009, 2099


@click.command("report")
@click.argument("name")
@click.argument("period", default="last-month")
@click.option(
    "--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the files go."
)
@click.option("--zip", "zipped", is_flag=True, help="The audit pack as one file too.")
@click.option(
    "--template",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A workbook of yours (.xlsx), filled where cells and tables have names of the report; a copy is written.",
)
@click.option("--rules", multiple=True, metavar="R", help="tax: us, uk, de, pl or generic; more than once.")
@click.option("--method", metavar="M", help="tax: as of recon tax.")
@click.option("--scope", metavar="S", help="tax: as of recon tax.")
@recon_command
def command(
    options: Options,
    name: str,
    period: str,
    out: Path,
    rules: Sequence[str],
    method: str | None,
    scope: str | None,
    template: Path | None,
    *,
    zipped: bool,
) -> None:
    """Writes a report of PERIOD: accountant, audit, confirmation or all; or tax of a YEAR by --rules.

    The audit pack is a folder, with programs in it that prove it: verify.py and verify.sh. Beside what is written lies
    a manifest of digests, for sha256sum -c.
    """
    config = load(options)
    if name == _TAX:
        _tax(options, config, period, out, rules, method, scope)
        return
    if rules or method or scope:
        raise ConfigError(
            f"it does not go with the report {name!r}",
            where="--rules" if rules else "--method" if method else "--scope",
            next_step="Leave it out, or ask for recon report tax YEAR",
        )
    asked = named(period, config)
    known = report_names()
    if name not in (*known, "all"):
        raise ConfigError(
            f"there is no report {name!r}",
            where="NAME",
            next_step=f"Ask for {', '.join(known)} or all; or for {_TAX} of a YEAR",
        )
    names = known if name == "all" else [name]
    if template and not {*names} & {*workbook_names()}:
        raise ConfigError(
            f"the report {name!r} is no workbook",
            where="--template",
            next_step=f"Fill templates with {', '.join(workbook_names())}",
        )
    warnings: list[str] = []
    with reading(config) as ledger, options.progress("Reporting") as notify:
        written = write_reports(
            config, ledger, asked, names, out, notify, zipped=zipped, template=template, warn=warnings.append
        )
    for warning in warnings:
        click.echo(plain(warning), err=True)
    _answer(options, asked.name, written)


def _tax(
    options: Options,
    config: Config,
    year: str,
    out: Path,
    rules: Sequence[str],
    method: str | None,
    scope: str | None,
) -> None:
    from recon.pipeline.tax import wanted
    from recon.pipeline.tax_report import write_tax_reports

    if not (year.isascii() and year.isdecimal() and _FIRST_YEAR <= int(year) <= _LAST_YEAR):
        raise ConfigError(
            f"{year!r} is no tax year",
            where="YEAR",
            next_step=f"Give one from {_FIRST_YEAR} to {_LAST_YEAR}, such as recon report tax 2024 --rules us",
        )
    if not rules:
        raise ConfigError("a tax year needs a rulebook", where="--rules", next_step="Add --rules us, for one")
    wants = [wanted(int(year), one, method, scope) for one in dict.fromkeys(rules)]
    with reading(config) as ledger, options.progress(f"Tax year {year}") as notify:
        written = write_tax_reports(config, ledger, wants, out, notify)
    _answer(options, year, written)


def _answer(options: Options, period: str, written: Sequence[Path]) -> None:
    options.answer(
        {"period": period, "files": [str(path) for path in written]},
        lambda: click.echo("\n".join(f"Wrote {path}" for path in written)),
    )
