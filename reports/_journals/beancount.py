"""A ledger for beancount 3: commodities, accounts, openings, transactions, and assertions to the last digit."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from recon.core.errors import ReconError
from recon.core.journal import Format, Journal, JournalEntry
from recon.core.money import text
from recon.core.times import local_day, short_text
from reports._journals._carried import Carried, accounts, carried, commodities, opened
from reports._journals._names import asset_name, line
from reports._render._whole import whole

_DIGITS = 28
"""What beancount reckons with; it rounds the rest away, even where a number is only read, if it is below zero."""
_ROOM = 4
"""No sum that it makes of an account, a period or an entry is so many times what an account ever held."""


def _write(journal: Journal, folder: Path) -> Sequence[Path]:
    path = folder / f"journal-{journal.period.name}.beancount"
    _refuse_what_is_too_long(journal)
    with whole(path) as file:
        for block in _blocks(journal):
            file.write(block.encode())
    return [path]


def _refuse_what_is_too_long(journal: Journal) -> None:
    peaks: dict[str, tuple[int, int]] = {}
    for one in journal.held:
        peak, decimals = peaks.get(one.asset, (0, 0))
        peaks[one.asset] = max(peak, one.peak), max(decimals, one.decimals)
    for asset, (peak, decimals) in peaks.items():
        if len(str(_ROOM * peak)) + decimals > _DIGITS:
            raise ReconError(
                f"{line(asset)} comes to {peak} units with {decimals} digits behind the point, and beancount reckons "
                f"with no more than {_DIGITS} digits",
                where="beancount",
                next_step="Take hledger, journal-csv or parquet, which keep every digit",
            )


def _blocks(journal: Journal) -> Iterator[str]:
    """The parts of the file, each with its line feed."""
    names = {asset: name for name, asset in commodities(journal, asset_name).items()}
    behind, told = accounts(journal), carried(journal)
    places = {account: name for name, account in behind.items()}
    yield f'option "title" {_quoted(f"{journal.entity}: {journal.period.name}")}\n'
    yield f'option "operating_currency" "{asset_name(journal.base_currency)}"\n'
    days: dict[str, date] = {}
    for one in told:
        days[one.asset] = min(one.since, days.get(one.asset, one.since))
    for asset, name in names.items():
        decimals = max(one.decimals for one in journal.held if one.asset == asset)
        yield f'option "display_precision" "{name}:{Decimal(1).scaleb(-decimals):f}"\n'
    for asset, name in names.items():
        yield f"\n{days[asset]} commodity {name}\n  asset: {_quoted(asset)}\n"
    for name, day in opened(told).items():
        known = f"  account: {_quoted(behind[name])}\n" if name in behind else ""
        yield f"\n{day} open {name}\n{known}"
    yield from _opening(told, names)
    for entry in journal.entries():
        yield _transaction(journal, entry, places, names)
    if told:
        yield "\n"
    for one in told:
        yield f"{journal.until} balance {one.name}  {text(one.closing)} ~ 0 {names[one.asset]}\n"


def _opening(told: Sequence[Carried], names: dict[str, str]) -> Iterator[str]:
    lines = [one for one in told if one.opening]
    if lines:
        yield f'\n{lines[0].since} * "Opening balances"\n'
    for one in lines:
        yield f"  {one.name}  {text(one.opening)} {names[one.asset]}\n"


def _transaction(journal: Journal, entry: JournalEntry, places: dict[str, str], names: dict[str, str]) -> str:
    told = {
        "entry": entry.id,
        "time": short_text(entry.at),
        "local": entry.at.astimezone(journal.zone).isoformat(),
        "happened": "" if entry.happened_at == entry.at else short_text(entry.happened_at),
        "reverses": entry.reverses,
        "stream": entry.stream,
        "evidence": entry.evidence,
        "pointer": entry.pointer,
    }
    head = f"\n{local_day(entry.at, journal.zone)} * {_quoted(entry.source)} {_quoted(entry.description)}\n"
    meta = "".join(f"  {key}: {_quoted(value)}\n" for key, value in told.items() if value)
    lines = "".join(
        f"  {places[one.account]}  {text(one.quantity)} {names[one.asset]}\n" for one in entry.lines
    )
    return head + meta + lines


def _quoted(words: str) -> str:
    return '"' + line(words).replace("\\", "\\\\").replace('"', '\\"') + '"'


FORMAT = Format(title="Ledger for beancount", write=_write)
