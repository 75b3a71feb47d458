"""``recon coverage``: what was asked of each source, and what became of it."""

import click

from recon.cli._output import Options, plain, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, named, reading
from recon.core.books import Coverage
from recon.core.money import text
from recon.pipeline.coverage import Certified, certify


@click.command("coverage")
@click.argument("period", default="last-month")
@recon_command
def command(options: Options, period: str) -> None:
    """What was asked of each source for PERIOD: answered whole, empty, incomplete, not served or not queried."""
    config = load(options)
    span = named(period, config)
    with reading(config) as ledger, ledger.transaction() as tx:
        certified = certify(tx, config, span)
    options.answer(certified.facts(), lambda: _show(certified))


def _show(certified: Certified) -> None:
    if not certified.cells:
        click.echo("Nothing was asked yet: run recon pull.")
        return
    columns = [(name, "left") for name in ("Source", "Stream", "Account", "Asset", "Status")]
    columns += [
        ("Rows", "right"),
        ("First", "left"),
        ("Last", "left"),
        ("Requests", "right"),
        ("Read", "left"),
    ]
    table(f"Coverage of {certified.period.name}", columns, list(map(_row, certified.cells)))
    for status in ("incomplete", "not_served", "not_queried"):
        for told in dict.fromkeys(
            f"{one.source}/{one.stream} is {_word(status)}: {one.reason}"
            + (f" (stopped at {one.stopped_at})" if one.stopped_at else "")
            for one in certified.cells
            if one.status == status
        ):
            click.echo(plain(told))
    if certified.seconds:
        _show_seconds(certified)
    grey = sum(one.grey for one in certified.cells)
    click.echo(
        "Everything that was to be asked was answered whole."
        if certified.whole
        else f"{grey} of {len(certified.cells)} cells prove nothing of this period; it cannot be clean."
    )


def _show_seconds(certified: Certified) -> None:
    columns = [("Source", "left"), ("What the venue says twice", "left"), ("By", "left")]
    columns += [("Books", "right"), ("Second", "right"), ("", "left")]
    rows = [
        [
            source,
            one.about,
            short(one.stream),
            text(one.books),
            text(one.second),
            "" if one.agrees else "differs",
        ]
        for source, one in certified.seconds
    ]
    table("Second readings", columns, rows)


def _row(one: Coverage) -> list[str]:
    first, last = (at and f"{at:%Y-%m-%d}" for at in (one.first, one.last))
    again = f" (+{one.retries})" if one.retries else ""
    return [
        one.source, short(one.stream), one.account or "all", one.asset or "all", _word(one.status), str(one.rows),
        first or "", last or "", f"{one.requests}{again}", f"{one.until:%Y-%m-%d %H:%M}",
    ]  # fmt: skip


def _word(status: str) -> str:
    return status.replace("_", " ")
