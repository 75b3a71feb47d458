"""A small ledger in DuckDB, with the tables that the checks are handed."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import duckdb

from recon.checks import Configured, Problem, Reckoned, Unmatched, run
from recon.core.breaks import Break, CheckResult
from recon.core.records import Rate
from recon.core.times import Period

START = datetime(2025, 1, 1)  # noqa: DTZ001 # the tables hold UTC without a zone
EVER = Period(name="all", start=None, end=None)
JANUARY = Period(name="2025-01", start=datetime(2025, 1, 1, tzinfo=UTC), end=datetime(2025, 2, 1, tzinfo=UTC))
FEBRUARY = Period(
    name="2025-02", start=datetime(2025, 2, 1, tzinfo=UTC), end=datetime(2025, 3, 1, tzinfo=UTC)
)

_TABLES = """
create table legs(
    entry bigint, source varchar, account varchar, ledger_account varchar, class varchar, asset varchar,
    quantity decimal(36,18), balance_after decimal(36,18), "at" timestamp, ordinal bigint, kind varchar, live boolean,
    number bigint, turn bigint, record bigint, txid varchar, address varchar, counted boolean, origin bigint,
    by_hand boolean default false, stated_at timestamp, counted_until timestamp
);
create table facts(
    fact bigint, reading bigint, run bigint, source varchar, stream varchar, subject varchar, name varchar,
    value varchar, "at" timestamp, seq bigint default 1, pointer varchar default ''
);
create table beside(
    record bigint, source varchar, stream varchar, account varchar, asset varchar, quantity decimal(36,18),
    "at" timestamp, kind varchar, txid varchar, address varchar
);
create table reversals(entry bigint, reversed bigint, stream varchar, status varchar, "at" timestamp);
create table links(
    link bigint, kind varchar, basis varchar, one_record bigint, other_record bigint, fee decimal(36,18)
);
create table behind(link bigint, since timestamp);
create table pending(
    record bigint, source varchar, stream varchar, account varchar, asset varchar, quantity decimal(36,18),
    "at" timestamp, kind varchar
);
create table readings(
    reading bigint, run bigint, source varchar, stream varchar, status varchar, started_at timestamp,
    ended_at timestamp, requests bigint, seen bigint, stated bigint, first_at timestamp, last_at timestamp,
    error_kind varchar, error_message varchar
);
create table snapshots(
    snapshot bigint, reading bigint, source varchar, account varchar, asset varchar, "at" timestamp,
    total decimal(36,18), locked decimal(36,18), entry_cut bigint
);
create table coverage(
    certificate bigint, run bigint, source varchar, stream varchar, outcome varchar, reason varchar, until timestamp
);
create table looks(reading bigint, source varchar, stream varchar, "at" timestamp, entry_cut bigint);
"""

TABLES = (
    "legs", "pending", "readings", "snapshots", "looks", "coverage", "facts", "beside", "reversals", "links",
    "behind",
)  # fmt: skip


def day(number: float) -> datetime:
    """The moment so many days after the start, as the tables hold it."""
    return START + timedelta(days=number)


class Ledger:
    """Tables to fill, and the checks to run on them. Entries number themselves and follow one another by the hour."""

    def __init__(self) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.connection.execute(_TABLES)
        self.entry = 0
        self.reading = 0
        self.sources = [Configured("fuse", "cryptofuse", 3)]
        self.problems: list[Problem] = []
        self.reckoned = Reckoned()
        self.unmatched = Unmatched()
        self.rates: dict[str, Sequence[Rate]] = {}
        self.known_at = datetime(2025, 1, 1, tzinfo=UTC)

    def clear(self) -> None:
        for table in TABLES:
            self.connection.execute(f"delete from {table}")
        self.entry = self.reading = 0

    def row(
        self,
        quantity: str | Decimal,
        after: str | Decimal | None = None,
        *,
        source: str = "fuse",
        account: str = "main",
        asset: str = "BTC",
        at: datetime | None = None,
        ordinal: int | None = None,
        kind: str = "deposit",
        contra: str = "external",
        live: bool = True,
    ) -> int:
        """Posts one row on a place against a contra account; its entry's number."""
        entry = self.entry = self.entry + 1
        moment = at or START + timedelta(hours=entry)
        order = entry if ordinal is None else ordinal
        moved = Decimal(quantity)
        rest = (moment, order, kind, live)
        self.leg(
            *(entry, source, account, f"assets:{source}:{account}", "assets", asset, moved, after, *rest),
            *(entry, source, None, f"{contra}:{source}", contra, asset, moved.copy_negate(), None, *rest),
        )
        return entry

    def unread(self, asset: str = "BTC", *, source: str = "fuse", at: datetime | None = None) -> int:
        """Posts a row that could not be understood: it moves nothing and stands in suspense."""
        entry = self.entry = self.entry + 1
        moment = at or START + timedelta(hours=entry)
        self.leg(entry, source, None, f"suspense:{source}", "suspense", asset, Decimal(0), None, moment, entry,
                 "odd: its amount is a word", True)  # fmt: skip
        return entry

    def leg(self, *values: object) -> None:
        """Posts legs, twelve values each. An entry's number within its source is here the entry's own."""
        for first in range(0, len(values), 12):
            leg = values[first : first + 12]
            entry = leg[0]
            self.connection.execute(
                f"insert into legs values ({', '.join('?' * 22)})",
                [*leg, entry, entry, entry, "", "", True, entry, False, leg[8], None],
            )

    def mark(self, entry: int, txid: str = "", address: str = "") -> int:
        """Gives an entry its hash and address, as compared."""
        self.connection.execute(
            "update legs set txid = ?, address = ? where entry = ?", [txid, address, entry]
        )
        return entry

    def late(self, entry: int, happened: datetime) -> int:
        """Makes an entry one that came late: posted where it stands, it happened earlier."""
        self.connection.execute("update legs set stated_at = ? where entry = ?", [happened, entry])
        return entry

    def by_hand(self, entry: int) -> int:
        """Makes an entry one that people made."""
        self.connection.execute("update legs set by_hand = true where entry = ?", [entry])
        return entry

    def read(
        self,
        stream: str = "history",
        status: str = "ok",
        *,
        source: str = "fuse",
        at: datetime | None = None,
        seen: int = 0,
        stated: int | None = None,
        error: str | None = None,
    ) -> int:
        """One reading of a stream; its number."""
        number = self.reading = self.reading + 1
        moment = at or day(number)
        values = [number, number, source, stream, status, moment, moment, 1, seen, stated, None, None,
                  None if error is None else "http_status", error]  # fmt: skip
        self.connection.execute(f"insert into readings values ({', '.join('?' * len(values))})", values)
        return number

    def certify(
        self, stream: str = "history", outcome: str = "whole", *, run: int, until: datetime, reason: str = ""
    ) -> None:
        """One line of a pull's certificate."""
        certificate = self.reading = self.reading + 1
        values = [certificate, run, "fuse", stream, outcome, reason, until]
        self.connection.execute("insert into coverage values (?, ?, ?, ?, ?, ?, ?)", values)

    def look(
        self, held: dict[tuple[str, str], str], *, source: str = "fuse", at: datetime | None = None
    ) -> int:
        """One look at the balances, ``held`` by account and asset, after all entries so far."""
        moment = at or START + timedelta(hours=self.entry, minutes=30)
        number = self.read("balances", source=source, at=moment)
        self.connection.execute(
            "insert into looks values (?, ?, 'balances', ?, ?)", [number, source, moment, self.entry]
        )
        for (account, asset), total in held.items():
            self.connection.execute(
                "insert into snapshots values (0, ?, ?, ?, ?, ?, ?, 0, ?)",
                [number, source, account, asset, moment, Decimal(total), self.entry],
            )
        return number

    def wait(
        self, quantity: str, *, record: int, asset: str = "BTC", at: datetime, source: str = "fuse"
    ) -> None:
        """One pending row."""
        self.connection.execute(
            "insert into pending values (?, ?, 'withdrawals', 'main', ?, ?, ?, 'withdrawal')",
            [record, source, asset, Decimal(quantity), at],
        )

    def results(
        self,
        period: Period = EVER,
        names: Collection[str] | None = None,
        engine: Literal["duckdb", "spark"] = "duckdb",
    ) -> dict[str, CheckResult]:
        answers = run(
            self.connection,
            period=period,
            sources=self.sources,
            problems=self.problems,
            verified=7,
            known_at=self.known_at,
            rates=self.rates,
            reckoned=self.reckoned,
            unmatched=self.unmatched,
            names=names,
            engine=engine,
        )
        return {answer.check: answer for answer in answers}

    def breaks(self, period: Period = EVER, names: Collection[str] | None = None) -> list[Break]:
        return [one for answer in self.results(period, names).values() for one in answer.breaks]

    def chain(self, steps: Iterable[str], *, asset: str = "BTC", account: str = "main") -> list[int]:
        """Posts rows that each state the balance after them."""
        balance, entries = Decimal(0), []
        for step in steps:
            balance += Decimal(step)
            kind = "deposit" if Decimal(step) >= 0 else "withdrawal"
            entries.append(self.row(step, balance, asset=asset, account=account, kind=kind))
        return entries


def kinds(breaks: Sequence[Break]) -> list[tuple[str, str]]:
    """Check and kind of each break."""
    return [(one.check, one.diagnosis.kind) for one in breaks]
