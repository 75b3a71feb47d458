"""``recon adjust``: entries made by people, each approved by another than who drafted it."""

from pathlib import Path

import click

from recon.cli._moment import moment_of
from recon.cli._output import Options, paragraph, shared_options, short, table
from recon.cli._output import command as recon_command
from recon.cli._session import load, reading, who, writing
from recon.core.adjustments import postings_of
from recon.core.errors import ConfigError
from recon.core.money import text
from recon.core.reasons import REASONS
from recon.pipeline.adjust import Adjustment, Wanted, approve, draft, listed, reverse
from recon.pipeline.config import Config

_AT = "A moment with its zone, or a day, which is then the day's last moment. Now, unless given."
_reason = click.option("--reason", required=True, type=click.Choice(sorted(REASONS)), help="Why.")
_text = click.option("--text", "words", required=True, metavar="TEXT", help="What happened, for the auditor.")
_at = click.option("--at", metavar="TIME", help=_AT)


@click.group("adjust")
@shared_options
def command() -> None:
    """Drafts, approves, reverses and lists the entries that people make."""


@command.command("draft")
@click.option("--source", required=True, metavar="NAME", help="The source whose books it belongs to.")
@click.option(
    "--post",
    "posts",
    required=True,
    multiple=True,
    metavar="'ACCOUNT ASSET QUANTITY'",
    help="One posting; those of an asset add up to zero. Repeat it.",
)
@_at
@_reason
@_text
@click.option("--break", "break_id", metavar="BREAK", help="The break that it answers.")
@click.option(
    "--attach", "files", multiple=True, metavar="FILE", help="Seals a file with it; may be repeated."
)
@recon_command
def draft_one(
    options: Options,
    source: str,
    posts: tuple[str, ...],
    at: str | None,
    reason: str,
    words: str,
    break_id: str | None,
    files: tuple[str, ...],
) -> None:
    """Drafts an entry. It is posted once another person approves it."""
    config = load(options)
    wanted = Wanted(
        source=_source(config, source),
        at=moment_of(at, config, "--at"),
        postings=postings_of(source, posts),
        reason=reason,
        text=_said(words),
        break_id=break_id,
        attachments=[Path(one).absolute() for one in files],
    )
    with writing(config, "adjust draft", who(options)) as session:
        made = draft(session, wanted)
    options.answer(made.facts(), lambda: _show(made))


@command.command("approve")
@click.argument("name", metavar="ADJUSTMENT")
@recon_command
def approve_one(options: Options, name: str) -> None:
    """Posts a draft. Only another person than who prepared it may."""
    config = load(options)
    with writing(config, "adjust approve", who(options)) as session:
        found = approve(session, name)
    options.answer(found.facts(), lambda: _show(found))


@command.command("reverse")
@click.argument("name", metavar="ADJUSTMENT")
@_at
@_reason
@_text
@recon_command
def reverse_one(options: Options, name: str, at: str | None, reason: str, words: str) -> None:
    """Drafts what takes a posted adjustment back; it too is posted once another person approves it."""
    config = load(options)
    moment = moment_of(at, config, "--at")
    with writing(config, "adjust reverse", who(options)) as session:
        made = reverse(session, name, moment, reason, _said(words))
    options.answer(made.facts(), lambda: _show(made))


@command.command("list")
@recon_command
def show(options: Options) -> None:
    """Lists every adjustment: drafted, approved or reversed, by whom, for which break."""
    config = load(options)
    with reading(config) as ledger, ledger.transaction() as tx:
        found = listed(tx)
    options.answer([one.facts() for one in found], lambda: _show_all(config, found))


def _show(one: Adjustment) -> None:
    draft = one.draft
    if one.approved is None:
        click.echo(f"{one.id} is drafted. It is posted once another person approves it:")
        click.echo(f"  recon --as NAME adjust approve {one.id}")
    else:
        click.echo(f"{one.id} is posted as {one.entry}.")
    for posting in draft.postings:
        paragraph(f"  {posting.account} {text(posting.quantity)} {posting.asset}")


def _show_all(config: Config, found: list[Adjustment]) -> None:
    if not found:
        click.echo("There is no adjustment.")
        return
    names = (
        "Adjustment",
        "State",
        "At",
        "Postings",
        "Reason",
        "Break",
        "Prepared by",
        "Approved by",
        "Files",
    )
    rows = []
    for one in found:
        draft = one.draft
        postings = "; ".join(f"{leg.account} {text(leg.quantity)} {leg.asset}" for leg in draft.postings)
        state = one.state + (f" by {one.reversed_by}" if one.state == "reversed" else "")
        rows.append(
            [
                one.id + (f" (reverses {draft.reverses})" if draft.reverses else ""),
                state,
                f"{draft.at.astimezone(config.zone):%Y-%m-%d %H:%M}",
                postings,
                draft.reason,
                draft.break_id or "",
                one.prepared.person,
                one.approved.person if one.approved else "",
                ", ".join(short(file.url) for file in draft.attachments),
            ]
        )
    table(f"Adjustments, times in {config.entity.timezone}", [(name, "left") for name in names], rows)


def _source(config: Config, name: str) -> str:
    names = [one.name for one in config.sources]
    if name not in names:
        raise ConfigError(
            f"there is no source {name!r}",
            where="--source",
            next_step=f"The configured sources are: {', '.join(names) or 'none yet'}",
        )
    return name


def _said(words: str) -> str:
    if not words.strip():
        raise ConfigError(
            "it says nothing", where="--text", next_step="Say what happened, for whoever reads it later"
        )
    return words
