"""Posts cases into the tables that the checks read, pull by pull, and judges what the checks make of them.

One run of the checks takes as long for twenty small ledgers as for one, so a case is a set of sources of its own, named
``gas.7``, in a ledger of many.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from recon.checks import Configured
from recon.core.breaks import Break
from recon.core.money import ZERO, exact
from recon.core.records import Rate
from recon.core.times import from_iso
from recon.ledger.copy import tie
from recon.pipeline.match import find
from recon.pipeline.movements import Rules
from tests.checks._ledger import EVER, Ledger
from tests.laws._cases import Case, Fault, Spot, spots
from tests.laws._planted import OWN
from tests.laws._venues import END, KINDS, LEAVING, MAKER, NETWORK, Books, Row

_COUNT, _TEXT, _MOMENT = pa.int64(), pa.string(), pa.timestamp("us")
_NUMBER = pa.decimal128(36, 18)
_TABLES = {
    "legs": (
        "entry source account ledger_account class asset quantity balance_after at ordinal kind live number turn "
        "record txid address counted origin stated_at"
    ),
    "readings": "reading run source stream status started_at ended_at requests seen stated error_kind error_message",
    "looks": "reading source stream at entry_cut",
    "snapshots": "snapshot reading source account asset at total locked entry_cut",
    "reversals": "entry reversed stream status at",
}
_TYPES = {
    **dict.fromkeys(("quantity", "balance_after", "total", "locked"), _NUMBER),
    **dict.fromkeys(("at", "stated_at", "started_at", "ended_at"), _MOMENT),
    **dict.fromkeys(("live", "counted"), pa.bool_()),
}
_WORDS = {
    "source", "account", "ledger_account", "class", "asset", "kind", "txid", "address", "stream", "status",
    "error_kind", "error_message",
}  # fmt: skip


class _Posting:
    """The rows of every table, as a run of pulls would have written them."""

    def __init__(self) -> None:
        self.tables: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _TABLES}
        self.entry = self.reading = 0
        self.numbers: dict[str, int] = {}
        self.entries: dict[int, int] = {}
        self.case, self.name = _NOTHING, ""

    def take(self, case: Case, number: int) -> None:
        """All pulls of a case."""
        self.case, self.name = case, f".{number}"
        self.numbers, self.entries = {}, {}
        for pull, at in enumerate(case.books.pulls):
            self.pull(pull, at)

    def record(self, number: int) -> int:
        """A record's id, another in each case."""
        return int(self.name[1:]) * 10**7 + number

    def post(self, row: Row, *, live: bool, back: bool = False) -> None:
        """An entry of a row, or the one that takes it back."""
        entry = self.entry = self.entry + 1
        source = row.source + self.name
        number = self.numbers[source] = self.numbers.get(source, 0) + 1
        kind = f"reversal: {row.kind}" if back else row.kind
        for leg in row.legs:
            account = f"assets:{source}:{leg.account}" if leg.of == "assets" else f"{leg.of}:{source}"
            asset = leg.asset + self.name
            self.tables["legs"].append((
                entry, source, leg.account, "transit" if leg.of == "transit" else account, leg.of, asset,
                leg.quantity.copy_negate() if back else leg.quantity, None if back else leg.after, row.at,
                row.ordinal, kind, live, number, entry, self.record(row.record), row.txid, row.address, True,
                number, row.at,
            ))  # fmt: skip
        if not back:
            self.entries[row.record] = entry

    def read(self, source: str, stream: str, at: datetime, *, ok: bool) -> int:
        """A stream's reading."""
        self.reading += 1
        told = (None, None) if ok else ("http_status", "the venue answered 503")
        self.tables["readings"].append((
            self.reading, self.reading, source + self.name, stream, "ok" if ok else "failed", at, at, 1, 0, None, *told
        ))  # fmt: skip
        return self.reading

    def pull(self, number: int, at: datetime) -> None:
        """What is gone is taken back, what is new is posted, then the balances are looked at."""
        rows, gone = self.case.ours, {}
        for row in rows:
            if row.until == number:
                self.post(row, live=False, back=True)
                gone[row.record] = (self.entry, self.entries[row.record], row.stream)
        for row in rows:
            if row.pull == number:
                self.post(row, live=row.until is None)
        changed = {row.record for row in rows if row.pull == number}
        for record, (entry, taken, stream) in gone.items():
            status = "settled" if record in changed else "vanished"
            self.tables["reversals"].append((entry, taken, stream, status, at))
        for source, stream in sorted({row[:2] for row in self.case.books.rows}):
            failed = self.case.failed.get((source, stream))
            self.read(source, stream, at, ok=failed is None or number < failed)
        for source in self.case.books.looked_at():
            self.look(source, number, at)

    def look(self, source: str, number: int, at: datetime) -> None:
        """What the venue holds, zeros left out."""
        reading = self.read(source, "balances", at, ok=True)
        self.tables["looks"].append((reading, source + self.name, "balances", at, self.entry))
        for (_, account, asset), total in self.case.books.held(source, number).items():
            if total:
                self.tables["snapshots"].append(
                    (
                        reading,
                        reading,
                        source + self.name,
                        account,
                        asset + self.name,
                        at,
                        total,
                        ZERO,
                        self.entry,
                    )
                )


_NOTHING = Case(Books(), [], EVER)


def post(ledger: Ledger, cases: Sequence[Case]) -> None:
    """All cases into one ledger that was cleared, with their transfers linked as far as they can be told."""
    posting = _Posting()
    with exact():
        for number, case in enumerate(cases):
            posting.take(case, number)
    ledger.clear()
    for name, rows in posting.tables.items():
        _insert(ledger, name, rows)
    ledger.sources, ledger.rates = [], {}
    for number, case in enumerate(cases):
        for source in sorted({row.source for row in case.books.rows}):
            name = f"{source}.{number}"
            ledger.sources.append(Configured(name, KINDS[source], 3))
            ledger.rates[name] = _rates(source, number)
    ledger.known_at = max(case.books.pulls[-1] for case in cases).replace(tzinfo=UTC)
    _link(ledger, len(cases))


def _rates(source: str, number: int) -> Sequence[Rate]:
    """The fees that a venue states."""
    if source == "gas":
        return (Rate("", "trading fee", MAKER, None), Rate(f"WETH.{number}", "withdrawal fee", None, LEAVING))
    return (
        (Rate("", "maker fee", MAKER, None), Rate("", "taker fee", MAKER, None)) if source == "egera" else ()
    )


def _link(ledger: Ledger, many: int) -> None:
    rules = Rules(
        pools={},
        files=frozenset(one.source for one in ledger.sources if one.kind == "csv"),
        own_addresses=[OWN],
        window=timedelta(hours=72),
        fee_max=ZERO,
        fees={(f"egera.{number}", f"BTC.{number}"): NETWORK for number in range(many)},
    )
    found = find(ledger.connection, rules)
    for number, one in enumerate(found.links, start=1):
        ledger.connection.execute("insert into links values ($1, $2, $3, $4, $5, $6)", [number, *one])
    tie(ledger.connection)
    ledger.unmatched = found.unmatched


def tried(ledger: Ledger, cases: Sequence[Case]) -> list[list[Break]]:
    """What the checks say of each case. All must be of one period."""
    if not cases:
        return []
    post(ledger, cases)
    found: list[list[Break]] = [[] for _ in cases]
    for one in ledger.breaks(cases[0].period):
        assert one.source is not None, one
        source, _, number = one.source.partition(".")
        asset = one.asset and one.asset.partition(".")[0]
        found[int(number)].append(replace(one, source=source, asset=asset))
    return found


def _insert(ledger: Ledger, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    columns = _TABLES[name].split()
    arrays = [
        pa.array(values, _TYPES.get(column, _TEXT if column in _WORDS else _COUNT))
        for column, values in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    ledger.connection.register("filling", pa.table(arrays, names=columns))
    named = ", ".join(f'"{column}"' for column in columns)
    ledger.connection.execute(f"insert into {name} ({named}) select {named} from filling")
    ledger.connection.unregister("filling")


class Verdict(NamedTuple):
    """What became of a fault. ``named``: under a name that is true of it; ``provable``: and it has to be."""

    kind: str
    found: bool
    placed: bool
    named: bool
    provable: bool
    told: tuple[str, ...]


def judge(case: Case, breaks: Sequence[Break]) -> list[Verdict]:
    """Each fault's verdict."""
    with exact():
        return [_verdict(case, fault, breaks) for fault in case.faults]


def once(fault: Fault, breaks: Sequence[Break]) -> bool:
    """Whether a single fault shows once in each of its chains.

    A transfer whose halves no longer agree may be told beside that.
    """
    own = [one for one in breaks if fault.kind == "lost_leg" or one.check != "transfers"]
    return len(own) <= max(len(fault.amounts), 1)


def false_names(case: Case, breaks: Sequence[Break]) -> list[Break]:
    """The breaks whose kind is true of no fault of their chains. Faults that meet in a chain may make any amount."""
    false = []
    for one in breaks:
        met = [fault for fault in case.faults if _touches(fault, one)]
        true = {"unexplained"}.union(*(fault.names for fault in met))
        if len(met) > 1:
            true |= {"missing_record"}
        if one.diagnosis.kind not in true:
            false.append(one)
    return false


def _touches(fault: Fault, one: Break) -> bool:
    if one.source != fault.row.source:
        return False
    if one.asset is None or fault.kind == "cut":
        return True
    places = {*fault.amounts, *fault.row.places()}
    return any(place[2] == one.asset and one.account in (None, place[1]) for place in places)


def _verdict(case: Case, fault: Fault, breaks: Sequence[Break]) -> Verdict:
    wanted = spots(case, fault)
    hosts = [one for one in breaks if any(_at_chain(spot, seen) for seen in _seen(one) for spot in wanted)]
    seen = [each for one in hosts for each in _seen(one)]
    return Verdict(
        fault.kind,
        bool(hosts),
        all(any(_at_spot(spot, each) for each in seen) for spot in wanted),
        any(one.diagnosis.kind in fault.names for one in hosts),
        _provable(fault, wanted),
        tuple(one.diagnosis.kind for one in hosts),
    )


def _provable(fault: Fault, wanted: Sequence[Spot]) -> bool:
    """Statements prove every kind. Between two looks chance may do what a fault does."""
    proof = {"restated", "running_balance"}
    return fault.sure or {spot.check for spot in wanted} <= proof


def _seen(one: Break) -> list[dict[str, Any]]:
    """The break and its members, whose source and asset still have the case's number."""
    facts = one.facts()
    members = [dict(each) for each in facts["diagnosis"]["members"]]
    for each in members:
        each |= {name: each[name] and each[name].partition(".")[0] for name in ("source", "asset")}
    return [facts, *members]


def _at_chain(spot: Spot, seen: Mapping[str, Any]) -> bool:
    if spot.check == "coverage":
        return (seen["check"], seen["source"]) == (spot.check, spot.place[0])
    return (seen["source"], seen["account"] or spot.place[1], seen["asset"]) == spot.place


def _at_spot(spot: Spot, seen: Mapping[str, Any]) -> bool:
    if seen["check"] != spot.check or not _at_chain(spot, seen):
        return False
    if spot.amount is None:
        return True
    at = from_iso(seen["at"]).replace(tzinfo=None) if seen["at"] else None
    same_time = spot.at in (at, END)
    return same_time and seen["difference"] is not None and Decimal(seen["difference"]) == spot.amount
