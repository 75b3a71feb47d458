"""Egera's public files: the ticker of all markets, and the latest trades that anyone made in one market."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from recon.core.answers import Answer
from recon.core.contracts import Pass, Quoted, Quoting
from recon.core.errors import NumberRefused, SourceError
from recon.core.money import parse, text
from recon.core.records import Fact, asset_code
from recon.sources._egera_account import table
from recon.sources._egera_rows import when
from recon.sources._rows import RowFault, field, member, objects, read_answer, refuse, shown, stated, step

_MARKET = re.compile(r"[a-z0-9]{1,32}_[a-z0-9]{1,32}\Z")
"""Only such a market can be asked for: its name becomes part of a path."""
_TICKER_FACTS = ("last", "ask", "bid", "volumen", "max24H", "min24H")


def is_public(value: dict[str, Any]) -> bool:
    """Whether an answer has the shape of a public file: these alone do not state success."""
    if "history" in value:
        return isinstance(value.get("data"), dict)
    return not value or any("_" in name and isinstance(row, dict) for name, row in value.items())


def _ticker_rows(answer: Answer) -> Iterator[tuple[str, dict[str, Any]]]:
    for market, row in table(answer, read_answer(answer), "the answer").items():
        if not isinstance(row, dict):
            refuse(answer, f"the market {market!r} is no object")
        yield market, row


def ticker_facts(answers: Sequence[Answer]) -> Iterator[Fact]:
    """Prices and volume of each market. The ticker states no time: it holds for the moment of the answer."""
    answer = answers[0]
    for market, row in _ticker_rows(answer):
        for name in _TICKER_FACTS:
            if name in row:
                pointer = f"/{step(market)}/{name}"
                yield Fact(shown(market), name, stated(row[name]), answer.at, answer.seq, pointer)


def count_markets(answers: Sequence[Answer]) -> int:
    """How many markets the ticker lists."""
    return sum(1 for _ in _ticker_rows(answers[0]))


def listed(ticker: Pass | None) -> set[str]:
    """The markets that can be asked for."""
    found: set[str] = set()
    if ticker:
        with suppress(SourceError):  # the ticker's own stream reports it
            found.update(name for name, _ in _ticker_rows(ticker.answers[0]) if _MARKET.match(name))
    return found


def market_facts(answers: Sequence[Answer], *, market: str) -> Iterator[Fact]:
    """Price and amount of each trade, under its number and at its time."""
    answer = answers[0]
    value = read_answer(answer)
    data = member(answer, value, "data", dict)
    if f"{data.get('market1')}_{data.get('market2')}".lower() != market:
        refuse(answer, f"the answer is about another market than {market}")
    for pointer, row in objects(answer, member(answer, value, "history", list), "/history"):
        number = field(row, "nr")
        if not number:
            refuse(answer, f"the trade at {pointer} has no nr")
        try:
            at = when(row.get("time"))
            facts = [(name, text(parse(row.get(name)))) for name in ("price", "amount")]
        except (RowFault, NumberRefused) as fault:
            refuse(answer, f"the trade at {pointer}: {fault}")
        for name, value in facts:
            yield Fact(shown(number), name, value, at, answer.seq, f"{pointer}/{name}")


def count_trades(answers: Sequence[Answer]) -> int:
    """How many trades the file lists."""
    return len(member(answers[0], read_answer(answers[0]), "history", list))


def quoted(stream: str, subject: str, stated: Mapping[str, str]) -> Quoted | None:
    """The last price of a market as the ticker has it, and the price of each trade of its history."""
    kind, _, market = stream.partition("/")
    name, pair = ("last", subject) if kind == "ticker" else ("price", market)
    base, _, quote = pair.partition("_")
    (asset, known), (currency, known_too) = asset_code(base), asset_code(quote)
    usable = known and known_too
    return Quoted(asset, currency, name) if usable and name in stated else None


QUOTING = Quoting(streams=frozenset({"ticker", "market"}), names=frozenset({"last", "price"}), price=quoted)
