"""A ledger looked at as far as it went at some time is to the last row what it was then, whatever came since."""

from decimal import Decimal

from recon.core.acts import PROGRAM, Deed
from recon.ledger.acts import record as act
from recon.ledger.copy import TABLES, load
from recon.ledger.cuts import Cuts, as_of, newest
from recon.ledger.reads import heads, newest_answer
from recon.ledger.rows import LinkRow
from recon.ledger.store import Ledger
from recon.ledger.transaction import Transaction
from tests.ledger.books import NOON, Row, begin, one_of_everything, read

TIED = Row("sent", Decimal(-2), txid="0xaa")
CAME = Row("came", Decimal(2), place="sub", txid="0xaa")


def told(ledger: Ledger, until: Cuts | None = None) -> dict[str, list[tuple[object, ...]]]:
    """All that a typed copy holds, without a run's or a reading's own moments."""
    with load(ledger, until=until) as copy:
        return {name: sorted(copy.execute(f"FROM {name}").fetchall(), key=repr) for name in (*TABLES, "ties")}


def said(ledger: Ledger, until: Cuts | None) -> list[tuple[object, ...]]:
    """Plain trades and legs, as a tax year asks for them."""
    with load(ledger, tables=("legs", "links"), money=("PLN",), until=until) as copy:
        return sorted(
            [*copy.execute("FROM plain").fetchall(), *copy.execute("FROM legs").fetchall()], key=repr
        )


def now(tx: Transaction, run: int) -> Cuts:
    """As a seal states where it stands."""
    return as_of(tx, {one.source: one.seq for one in heads(tx)}, newest_answer(tx), run)


def test_what_it_was_is_what_it_was(ledger: Ledger) -> None:
    states = []

    def look(run: int) -> None:
        with ledger.transaction() as tx:
            cuts, stated = newest(tx), now(tx, run)
        assert stated == cuts
        states.append((cuts, told(ledger), said(ledger, None)))

    with ledger.transaction() as tx:
        one_of_everything(tx)
    look(1)
    with ledger.transaction() as tx:
        run = begin(tx)
        read(tx, run, "egera", "deposits", [Row("p", Decimal(4), status="pending"), TIED])
        read(tx, run, "fuse", "history", [Row("c", Decimal(9), version=2), CAME])
    look(run)
    with ledger.transaction() as tx:
        ids = tx.connection.exec_driver_sql(
            "SELECT id FROM records WHERE txid = '0xaa' ORDER BY quantity"
        ).scalars()
        run = begin(tx)
        act(tx, run, NOON, PROGRAM, [Deed("period", "2025-01", "closed", {}, NOON)])
        run = begin(tx)
        one, other = ids
        tx.append(LinkRow, [LinkRow(tx.next_id(LinkRow), run, "transfer", "txid", one, other, Decimal(0))])
    look(run)
    with ledger.transaction() as tx:
        run = begin(tx)
        read(
            tx,
            run,
            "egera",
            "deposits",
            [Row("p", Decimal(4), version=2), Row("sent", Decimal(-3), version=2)],
        )
    look(run)
    for cuts, everything, units in states:
        assert told(ledger, cuts) == everything
        assert said(ledger, cuts) == units
    assert len({repr(everything["legs"]) for _, everything, _ in states}) == len(states)
