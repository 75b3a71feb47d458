"""A journal for hledger that passes ``hledger check --strict``, with assertions that hold to the last digit."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from recon.core.journal import Format, Journal, JournalEntry
from recon.core.money import text
from recon.core.times import local_day, short_text
from reports._journals._carried import Carried, accounts, carried, commodities, opened
from reports._journals._names import asset_name, line
from reports._render._whole import whole

_OF_COMMENT = ",[]"
"""Ends a tag's value, or makes a date of what is in a comment."""
_OF_DESCRIPTION = ";|"
_ASSET = re.compile("[A-Z0-9._:-]+\\Z")


def _write(journal: Journal, folder: Path) -> Sequence[Path]:
    path = folder / f"journal-{journal.period.name}.hledger"
    with whole(path) as file:
        for block in _blocks(journal):
            file.write(block.encode())
    return [path]


def _blocks(journal: Journal) -> Iterator[str]:
    """The parts of the file, each with its line feed."""
    symbols = {asset: f'"{name}"' for name, asset in commodities(journal, _commodity).items()}
    behind, told = accounts(journal), carried(journal)
    places = {account: name for name, account in behind.items()}
    yield f"; {line(journal.entity)}: {journal.period.name}\n\ndecimal-mark .\n\n"
    for asset, symbol in symbols.items():
        yield f"commodity 1000.{'0' * 18} {symbol}{_tag('asset', asset)}\n"
    yield "\n"
    for name in opened(told):
        yield f"account {name}{_tag('account', behind[name]) if name in behind else ''}\n"
    yield from _opening(told, symbols)
    for entry in journal.entries():
        yield _transaction(journal, entry, places, symbols)
    yield from _assertions(journal, told, symbols)


def _opening(told: Sequence[Carried], symbols: dict[str, str]) -> Iterator[str]:
    lines = [one for one in told if one.opening]
    if lines:
        yield f"\n{lines[0].since} * Opening balances\n"
    for one in lines:
        yield f"    {one.name}  {text(one.opening)} {symbols[one.asset]}\n"


def _transaction(
    journal: Journal, entry: JournalEntry, places: dict[str, str], symbols: dict[str, str]
) -> str:
    told = {
        "time": short_text(entry.at),
        "local": entry.at.astimezone(journal.zone).isoformat(),
        "happened": "" if entry.happened_at == entry.at else short_text(entry.happened_at),
        "reverses": entry.reverses,
        "stream": entry.stream,
        "evidence": entry.evidence,
        "pointer": entry.pointer,
    }
    about = line(entry.description, _OF_DESCRIPTION)
    head = f"\n{local_day(entry.at, journal.zone)} * ({line(entry.id, '()')}) {line(entry.source, _OF_DESCRIPTION)}"
    tags = "".join(f"  {_tag(key, value)}\n" for key, value in told.items() if value)
    lines = "".join(
        f"    {places[one.account]}  {text(one.quantity)} {symbols[one.asset]}\n" for one in entry.lines
    )
    return f"{head} | {about}\n{tags}{lines}"


def _assertions(journal: Journal, told: Sequence[Carried], symbols: dict[str, str]) -> Iterator[str]:
    """One transaction that moves nothing, at the end of the last day."""
    if journal.until is None or not told:
        return
    yield f"\n{journal.until - timedelta(days=1)} * Balances\n"
    held = [one.name for one in told]
    for one in told:
        sign = "==" if held.count(one.name) == 1 else "="
        yield f"    {one.name}  0 {symbols[one.asset]} {sign} {text(one.closing)} {symbols[one.asset]}\n"


def _tag(key: str, value: str) -> str:
    return f"  ; {key}:{line(value, _OF_COMMENT)}"


def _commodity(asset: str) -> str:
    """Quoted, any code of a venue can stand."""
    return asset if _ASSET.match(asset) else asset_name(asset)


FORMAT = Format(title="Journal for hledger", write=_write)
