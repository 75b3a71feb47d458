"""``recon prices``: fetches, imports, states and shows prices."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import click

from recon.cli._clock import SYSTEM
from recon.cli._moment import moment_of
from recon.cli._output import Options, paragraph, shared_options, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading, who, writing
from recon.core.errors import ConfigError, NumberRefused
from recon.core.money import aligned, parse, text
from recon.core.price_acts import PriceDraft
from recon.core.records import asset_code
from recon.core.times import short_text

_DAY_S = 86_400


@click.group("prices")
@shared_options
def command() -> None:
    """Fetches, imports, states and lists prices and exchange rates."""


@command.command("pull")
@recon_command
def pull_all(options: Options) -> int:
    """Fetches the rates of the NBP and the ECB that [prices] names: each day that is not held yet."""
    from recon.cli import pull as pull_command
    from recon.pipeline.pull import pull
    from recon.pipeline.rates import fetched

    config = load(options)
    names = [one.name for one in fetched(config)]
    if not names:
        raise ConfigError(
            "neither nbp nor ecb is named",
            where="[prices] sources",
            next_step='Name them, like: sources = ["trades", "nbp"]',
        )
    with writing(config, "prices pull") as session, options.progress("Pulling") as notify:
        pulled = pull(
            config, session.ledger, session.archive, session.clock, session.run, only=names, notify=notify
        )
        if pulled.status != "ok":
            session.remarks.append("incomplete")
    options.answer(
        pulled.facts(),
        lambda: pull_command.show(pulled) if pulled.streams else click.echo("No day is missing."),
    )
    return pull_command.exit_code(pulled)


@command.command("import")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@recon_command
def import_one(options: Options, path: Path) -> None:
    """Takes the prices of a CSV or .xlsx file: columns asset, quote, price, and time or date.

    The file is sealed in the evidence. A bad row stops it with its line, and nothing of it is taken.
    """
    from recon.pipeline.price_entry import import_file

    config = load(options)
    with writing(config, "prices import", who(options)) as session:
        done = import_file(session, path.absolute())
    options.answer(
        done.facts(),
        lambda: click.echo(
            f"{done.prices} prices taken from {done.file}."
            if done.answer
            else f"{done.file} was taken before; nothing is new."
        ),
    )


@command.command("set")
@click.argument("asset")
@click.argument("quote")
@click.argument("time")
@click.argument("value")
@click.option("--reason", required=True, metavar="TEXT", help="Where the price is from, for the auditor.")
@recon_command
def state_one(options: Options, asset: str, quote: str, time: str, value: str, reason: str) -> None:
    """States what one unit of ASSET is worth in QUOTE from TIME on. It counts once another person approves it."""
    from recon.pipeline.price_entry import state

    config = load(options)
    wanted = PriceDraft(
        0,
        _code(asset, "ASSET"),
        _code(quote, "QUOTE"),
        moment_of(time, config, "TIME", first=True),
        _value(value),
        reason,
    )
    if not reason.strip() or wanted.asset == wanted.quote:
        what = "an asset has no price in itself" if reason.strip() else "it says nothing"
        raise ConfigError(what, where="QUOTE" if reason.strip() else "--reason")
    with writing(config, "prices set", who(options)) as session:
        made = state(session, wanted)
    options.answer(
        made.facts(),
        lambda: click.echo(
            f"{made.draft.id} is drafted. It counts once another person approves it:\n"
            f"  recon --as NAME prices approve {made.draft.id}"
        ),
    )


@command.command("approve")
@click.argument("name", metavar="PRICE")
@recon_command
def approve_one(options: Options, name: str) -> None:
    """Lets a stated price count. Only another person than who stated it may."""
    from recon.pipeline.price_entry import approve

    config = load(options)
    with writing(config, "prices approve", who(options)) as session:
        found = approve(session, name)
    options.answer(found.facts(), lambda: click.echo(f"{found.draft.id} counts from now on."))


@command.command("list")
@click.option("--asset", metavar="ASSET", help="Only what is about this asset.")
@click.option("--at", metavar="TIME", help="What it is worth at this moment, or at a day's end, and why.")
@click.option(
    "--in", "quote", metavar="QUOTE", help="With --at: in this currency instead of the base currency."
)
@recon_command
def show(options: Options, asset: str | None, at: str | None, quote: str | None) -> None:
    """Lists the prices held, by source; with --at what assets are worth then, leg by leg."""
    code = None if asset is None else _code(asset, "--asset")
    if quote is not None and at is None:
        raise ConfigError("it goes with --at", where="--in")
    if at is None:
        _show_held(options, code)
    else:
        config = load(options)
        _show_worth(options, code, moment_of(at, config, "--at"), quote and _code(quote, "--in"))


def _show_held(options: Options, asset: str | None) -> None:
    from recon.pipeline.price_entry import stated
    from recon.pipeline.price_list import held

    config = load(options)
    with reading(config) as ledger:
        found = held(config, ledger, SYSTEM.now(), asset)
        with ledger.transaction() as tx:
            drafts = [one for one in stated(tx) if asset in (None, one.draft.asset, one.draft.quote)]
    document = {"prices": [one.facts() for one in found], "stated": [one.facts() for one in drafts]}

    def people() -> None:
        columns = [("Source", "left"), ("Price", "left"), ("Held", "right"), ("From", "left"), ("To", "left")]
        columns += [("Last value", "right"), ("Age", "right"), ("Evidence", "left")]
        values = aligned([text(one.newest.value) for one in found])
        rows = [
            [
                one.source, f"{one.newest.asset} in {one.newest.quote}", str(one.prices), short_text(one.first),
                short_text(one.newest.at), value, f"{one.age_s // _DAY_S} d", one.newest.where,
            ]
            for one, value in zip(found, values, strict=True)
        ]  # fmt: skip
        table("Prices held", columns, rows)
        for one in drafts:
            draft, approved = one.draft, one.approved
            paragraph(
                f"{draft.id}: 1 {draft.asset} = {text(draft.value)} {draft.quote} from {short_text(draft.at)};"
                f" {draft.reason}. Stated by {one.prepared.person},"
                f" {f'approved by {approved.person}' if approved else 'not approved yet'}."
            )

    options.answer(document, people)


def _show_worth(options: Options, asset: str | None, at: datetime, quote: str | None) -> None:
    from recon.pipeline.price_list import worth

    config = load(options)
    with reading(config) as ledger:
        found = worth(config, ledger, at, asset, quote)
    document = {"at": short_text(at), "valuations": [one.facts() for one in found]}

    def people() -> None:
        for one in found:
            paragraph(one.text)
        if not found:
            click.echo("Nothing needs a price.")

    options.answer(document, people)


def _code(stated: str, where: str) -> str:
    code, usable = asset_code(stated)
    if not usable:
        raise ConfigError(
            f"{stated!r} is no asset", where=where, next_step="It is 1 to 32 characters A-Z a-z 0-9 . _ : -"
        )
    return code


def _value(stated: str) -> Decimal:
    try:
        value = parse(stated)
    except NumberRefused as refused:
        raise ConfigError(str(refused), where="VALUE", next_step="Write it out, like 4.2512") from None
    if value <= 0:
        raise ConfigError("a price is above zero", where="VALUE")
    return value
