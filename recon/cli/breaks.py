"""``recon breaks``: the register of breaks, and what people do about them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from recon.cli._asked import asked as asked_options
from recon.cli._breaks_file import export_file, import_file
from recon.cli._clock import SYSTEM
from recon.cli._output import Options, paragraph, plain, shared_options, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading, who, writing
from recon.core.money import aligned, round_to
from recon.core.reasons import REASONS
from recon.pipeline import breaks
from recon.pipeline.breaks import Asked, Listed, Register

_CENTS = 2
_names = click.argument("names", metavar="BREAK...", nargs=-1, required=True)


@click.group("breaks")
@shared_options
def command() -> None:
    """Lists the breaks of the register, and keeps what people do about them."""


command.add_command(export_file)
command.add_command(import_file)


@command.command("list")
@asked_options
@recon_command
def show_all(options: Options, asked: Asked) -> None:
    """Lists breaks, dearest first, with their ages and causes."""
    config = load(options)
    with reading(config) as ledger, options.progress("Reading"):
        found = breaks.register(config, ledger, SYSTEM.now(), asked)
    options.answer(found.facts(), lambda: _show(found))


@command.command("show")
@click.argument("name", metavar="BREAK")
@recon_command
def show_one(options: Options, name: str) -> None:
    """Shows one break and everything that happened to it."""
    config = load(options)
    with reading(config) as ledger, options.progress("Reading"):
        found = breaks.shown(config, ledger, SYSTEM.now(), name)
    told = breaks.history(found.life)
    options.answer({**found.told(), "acts": told}, lambda: _show_one(found, told))


@command.command("assign")
@_names
@click.option("--to", "owner", required=True, metavar="NAME", help="Who looks into it; '' is nobody.")
@recon_command
def assign(options: Options, names: Sequence[str], owner: str) -> None:
    """Gives breaks to someone."""
    with writing(load(options), "breaks assign", who(options)) as session:
        breaks.assign(session, names, owner)
    _done(options, names)


@command.command("note")
@_names
@click.option("--text", "said", required=True, help="What there is to say.")
@recon_command
def note(options: Options, names: Sequence[str], said: str) -> None:
    """Writes a note to breaks."""
    with writing(load(options), "breaks note", who(options)) as session:
        breaks.note(session, names, said)
    _done(options, names)


@command.command("resolve")
@_names
@click.option("--reason", required=True, type=click.Choice(list(REASONS)), help="Why it is as it is.")
@click.option("--text", "said", required=True, help="The explanation, for those who read it next year.")
@click.option(
    "--due",
    metavar="DATE",
    type=click.DateTime(["%Y-%m-%d"]),
    help="When the data should have cleared it: until then it stays open, explained.",
)
@click.option(
    "--evidence",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A statement or an answer it rests on; its bytes are sealed.",
)
@recon_command
def resolve(
    options: Options,
    names: Sequence[str],
    reason: str,
    said: str,
    due: datetime | None,
    evidence: Sequence[Path],
) -> None:
    """Explains breaks. Nothing is posted: the difference is carried forward, where everybody sees it."""
    day: date | None = due.date() if due else None
    with writing(load(options), "breaks resolve", who(options)) as session:
        breaks.resolve(session, names, reason, said, due=day, evidence=evidence)
    _done(options, names)


@command.command("reopen")
@_names
@click.option("--text", "said", required=True, help="Why it is open again.")
@recon_command
def reopen(options: Options, names: Sequence[str], said: str) -> None:
    """Opens breaks again that somebody resolved."""
    with writing(load(options), "breaks reopen", who(options)) as session:
        breaks.reopen(session, names, said)
    _done(options, names)


def _done(options: Options, names: Sequence[str]) -> None:
    written = list(dict.fromkeys(names))
    options.answer({"breaks": written}, lambda: click.echo(f"Written: {', '.join(written)}"))


def _show(found: Register) -> None:
    if not found.breaks:
        click.echo("The register holds no such break.")
        return
    amounts = aligned([str(one.facts["difference"] or "") for one in found.breaks])
    worth = aligned([_value(one.value) for one in found.breaks])
    columns = [
        ("Break", "left"), ("Check", "left"), ("Place", "left"), ("Difference", "right"),
        (f"Value {found.currency}", "right"), ("Age", "right"), ("Status", "left"), ("Owner", "left"),
        ("Cause", "left"),
    ]  # fmt: skip
    rows = [
        [
            one.life.id, one.facts["check"], _place(one), amount, value, f"{one.age_days} d", _status(one),
            one.life.owner, one.cause,
        ]
        for one, amount, value in zip(found.breaks, amounts, worth, strict=True)
    ]  # fmt: skip
    table("Breaks", columns, rows)
    for title, name, lines in (("Ageing", "days", found.ageing()), ("Causes", "cause", found.causes())):
        values = aligned([_value(Decimal(line["value"])) for line in lines])
        table(
            title,
            [(name.capitalize(), "left"), ("Breaks", "right"), (f"Value {found.currency}", "right")],
            [[line[name], str(line["breaks"]), value] for line, value in zip(lines, values, strict=True)],
        )


def _show_one(found: Listed, told: Sequence[dict[str, Any]]) -> None:
    facts, life = found.facts, found.life
    click.echo(click.style(f"{life.id}  {facts['check']}, {facts['severity']}", bold=True))
    click.echo(
        f"{_place(found)}  difference {facts['difference'] or '-'}  {_status(found)}, {found.age_days} days"
    )
    paragraph(facts["diagnosis"]["text"])
    rows = [[one["at"], one["act"], _by(one), plain(_said(one))] for one in told]
    table("What happened", [("At", "left"), ("Act", "left"), ("By", "left"), ("", "left")], rows)


def _by(one: dict[str, Any]) -> str:
    account, person = one.get("account", ""), one.get("person", "")
    return person if account == person else f"{person} ({account})"


def _said(one: dict[str, Any]) -> str:
    named = [
        f"{name} {one[name]}" for name in ("owner", "reason", "due", "difference", "period") if one.get(name)
    ]
    files = [f"{each['name']} {each['sha256'][:12]}" for each in one.get("evidence", ())]
    return "; ".join([*named, *([one["text"]] if one.get("text") else []), *files])


def _status(one: Listed) -> str:
    if one.life.due and one.life.status != "cleared":
        return f"{one.life.status}, due {one.life.due}" + (", overdue" if one.overdue else "")
    return one.life.status


def _place(one: Listed) -> str:
    return plain("/".join(one.facts[part] for part in ("source", "account", "asset") if one.facts[part]))


def _value(number: Decimal | None) -> str:
    return "" if number is None else f"{round_to(number, _CENTS, 'half_even'):,f}"
