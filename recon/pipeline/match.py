"""Ties rows together that tell of one movement: transfers between own places, and what several sources hold.

A link is made once and kept; the database lets no row have two of a kind.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from recon.checks import Alike, Unmatched
from recon.core.money import ZERO
from recon.core.times import naive
from recon.ledger.acts import horizon
from recon.ledger.copy import load as typed_copy
from recon.ledger.copy import tie
from recon.ledger.reads import latest_facts
from recon.ledger.rows import LinkRow
from recon.ledger.store import Ledger
from recon.matching.copies import told_once
from recon.matching.netting import alone
from recon.matching.pairs import Cluster, decide
from recon.pipeline import strays
from recon.pipeline.candidates import (
    by_amount,
    by_txid,
    fallen_apart,
    free,
    lost,
    moves,
    net,
    still_inside,
    take,
)
from recon.pipeline.config import Config
from recon.pipeline.copies import alike, copies
from recon.pipeline.movements import Rules, described, on_the_way, prepare, remember

_TABLES = ("legs", "beside", "facts", "links")


class Link(NamedTuple):
    """A link to be stored: kind, basis, the records of its rows, and what a transfer lost on its way."""

    kind: str
    basis: str
    one: int
    other: int
    fee: Decimal | None = None


class Found(NamedTuple):
    """New links, and what is left for people to look at."""

    links: Sequence[Link]
    unmatched: Unmatched


def link(config: Config, ledger: Ledger, run: int, *, kept: Path | None = None) -> None:
    """Looks for new links, and stores them. The ledger must be in no transaction. ``kept`` as in recon.ledger.copy."""
    with typed_copy(ledger, tables=_TABLES, tied=False, kept=kept) as copy:
        settle(config, ledger, copy, run)


def settle(config: Config, ledger: Ledger, copy: DuckDBPyConnection, run: int | None) -> Unmatched:
    """Lets the legs of a copy follow its links, and says what is left unmatched. Without a ``run`` nothing is stored.

    The copy's legs must not follow its links yet, and the ledger must be in no transaction. A link that is found but
    not stored does not count.
    """
    found = find(copy, rules_of(config, ledger))
    if run is not None and found.links:
        with ledger.transaction() as tx:
            rows = [LinkRow(tx.next_id(LinkRow), run, *one) for one in found.links]
            tx.append(LinkRow, rows)
            sealed = horizon(tx)
        _follow(copy, rows, sealed)
    tie(copy)
    parted = fallen_apart(copy)
    astray = strays.parted(parted, described(copy, (one for *pair, _ in parted for one in pair)))
    return found.unmatched._replace(strays=[*found.unmatched.strays, *astray])


def tie_all(config: Config, ledger: Ledger, copy: DuckDBPyConnection) -> int:
    """Lets the legs of a copy follow its links and those that the next reconciliation will store; how many these are.

    The copy's legs must not follow its links yet, and the ledger must be in no transaction.
    """
    found = find(copy, rules_of(config, ledger))
    newest = copy.execute("select coalesce(max(link), 0) from links").fetchone()
    assert newest is not None
    if found.links:
        rows = [LinkRow(newest[0] + number, 0, *one) for number, one in enumerate(found.links, 1)]
        _follow(copy, rows, None)
    tie(copy)
    return len(found.links)


def _follow(copy: DuckDBPyConnection, rows: Sequence[LinkRow], sealed: datetime | None) -> None:
    """Adds links to a copy, found when everything up to a moment was ``sealed``."""
    ids, _, *parts = (list(column) for column in zip(*rows, strict=True))
    copy.execute(
        "insert into links select unnest($1), unnest($2), unnest($3), unnest($4), unnest($5), unnest($6)",
        [ids, *parts],
    )
    if sealed is not None:
        copy.execute("insert into behind select unnest($1), $2", [ids, naive(sealed)])


def rules_of(config: Config, ledger: Ledger) -> Rules:
    """The settings, and what the venues' latest pulls say that sending an asset costs."""
    fees: dict[tuple[str, str], Decimal] = {}
    with ledger.transaction() as tx:
        for one in config.sources:
            for rate in one.source.rates(latest_facts(tx, one.name)) if one.source.rates else ():
                if rate.asset and rate.flat is not None:
                    place = (one.name, rate.asset)
                    fees[place] = max(rate.flat, fees.get(place, ZERO))
    return Rules(
        pools=config.pools,
        files=frozenset(one.name for one in config.sources if one.source.kind == "csv"),
        own_addresses=config.transfers.own_addresses,
        window=config.transfers.window,
        fee_max=config.transfers.fee_max,
        fees=fees,
    )


def find(copy: DuckDBPyConnection, rules: Rules) -> Found:
    """What is new on a copy whose legs do not follow its links yet.

    Of a movement that several sources hold by one hash one row counts. Transfers are paired by hash, then by address,
    then by amount, where nothing else could be meant; a move inside one source needs no pair.
    """
    prepare(copy, rules)
    same = [
        Link("same", "txid", *pair) for rows, *so_far in copies(copy) for pair in told_once(rows, *so_far)
    ]
    remember(copy, [("same", one.one, one.other) for one in same])
    free(copy, rules)
    hashed = decide(by_txid(copy))
    take(copy, {*chain(*hashed.pairs), *_all(hashed.left)})
    inside = [one for group in moves(copy, rules) for one in alone(group, rules.window)]
    net(copy, [one.entry for one in inside])
    candidates, crowds = by_amount(copy, rules)
    addressed = decide(one.edge for one in candidates if one.by_address).pairs
    done = set(chain(*addressed))
    equal = decide(one.edge for one in candidates if not {one.edge.sent, one.edge.received} & done)
    take(copy, {*done, *chain(*equal.pairs), *_all(equal.left)})
    pairs = (("txid", hashed.pairs), ("address", addressed), ("amount", equal.pairs))
    links = [
        Link("transfer", basis, one, other, fee)
        for basis, every in pairs
        for one, other, fee in on_the_way(copy, every)
    ]
    remember(copy, [("transfer", one.one, one.other) for one in links])
    left = [*hashed.left, *equal.left]
    astray, single = lost(copy), still_inside(copy)
    rows = described(copy, [*_all(left), *(one.first for one in crowds), *astray, *single])
    return Found(
        [*same, *links],
        Unmatched(
            [
                *strays.undecided(left, rows),
                *strays.crowded(crowds, rows),
                *strays.lost((rows[record] for record in astray), rules.window),
                *strays.alone((rows[record] for record in single), rules.window),
            ],
            [Alike(*row) for row in alike(copy)],
        ),
    )


def _all(left: Iterable[Cluster]) -> set[int]:
    return {record for one in left for side in (one.sent, one.received) for record in side}
