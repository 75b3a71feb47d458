"""A reading is compared as a multiset with what is known of its family."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon.core.canonical import identity
from recon.ledger.known import KnownRecords, content_digest, known_records
from recon.ledger.store import Ledger
from tests.ledger.books import NOON, Row, begin, read, rolled_back


def key(name: str) -> str:
    return identity((name,))


def digest_of(name: str, version: int = 1, status: str = "settled") -> bytes:
    data = f'{{"name":"{name}","version":{version}}}'
    at = NOON + timedelta(microseconds=len(name))
    return content_digest(data, status, "deposit", at, "main", "BTC", Decimal(1))


def test_an_unknown_family_knows_nothing() -> None:
    known = KnownRecords()
    assert (len(known), known.holds(key("a")), known.unmatched(key("a"))) == (0, False, None)
    assert known.repeated(key("a"), digest_of("a")) is None
    assert [known.next_occurrence(key("a")) for _ in range(3)] == [0, 1, 2]
    assert list(known.in_force()) == []


def test_only_the_family_and_source_asked_for_are_known(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera", "fuse")
        read(tx, run, "egera", "deposits", [Row("a")])
        read(tx, run, "egera", "files/1", [Row("b")], family="files")
        read(tx, run, "egera", "files/2", [Row("c")], family="files")
        read(tx, run, "fuse", "files/3", [Row("d")], family="files")
        known = known_records(tx, "egera", "files")
        assert [known.holds(key(name)) for name in "abcd"] == [False, True, True, False]
        assert len(known) == 2


def test_what_is_known_of_a_record_is_its_newest_version(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "deposits", [Row("a", status="pending"), Row("b"), Row("b", occurrence=1)])
        read(
            tx,
            run,
            "egera",
            "deposits",
            [Row("a", version=2), Row("b", version=2, occurrence=1, status="vanished")],
        )
        known = known_records(tx, "egera", "deposits")
        found = {
            (one.key, one.occurrence): (one.record_id, one.version, one.status, one.digest)
            for one in (known.unmatched(key(name)) for name in "abb")
            if one
        }
        assert found == {
            (key("a"), 0): (4, 2, "settled", digest_of("a", 2)),
            (key("b"), 0): (2, 1, "settled", digest_of("b")),
            (key("b"), 1): (5, 2, "vanished", digest_of("b", 2, "vanished")),
        }
        assert known.unmatched(key("b")) is None
        assert sorted(one.record_id for one in known.in_force()) == [2, 4]
        assert known.next_occurrence(key("b")) == 2


def test_a_row_repeats_a_record_only_to_the_letter_and_in_force(ledger: Ledger) -> None:
    with rolled_back(ledger) as tx:
        run = begin(tx, "egera")
        read(tx, run, "egera", "deposits", [Row("a"), Row("b")])
        read(tx, run, "egera", "deposits", [Row("b", version=2, status="vanished")])
        known = known_records(tx, "egera", "deposits")
        assert known.repeated(key("a"), digest_of("a", 2)) is None
        assert known.repeated(key("a"), digest_of("a")) == 1
        assert known.repeated(key("a"), digest_of("a")) is None
        assert known.repeated(key("b"), digest_of("b", 2)) is None


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(st.sampled_from("abcdefgh"), max_size=12),
    shown=st.lists(st.sampled_from("abcdefghij"), max_size=14),
)
def test_equal_rows_are_matched_one_to_one(ledger: Ledger, held: list[str], shown: list[str]) -> None:
    with rolled_back(ledger) as tx:
        twins: Counter[str] = Counter()
        rows = []
        for name in held:
            rows.append(Row(name, Decimal(1), occurrence=twins[name]))
            twins[name] += 1
        read(tx, begin(tx, "egera"), "egera", "deposits", rows)
        known = known_records(tx, "egera", "deposits")
        matched = [known.repeated(key(name), digest_of(name)) for name in shown]
    new = [name for name, record in zip(shown, matched, strict=True) if record is None]
    assert Counter(new) == Counter(shown) - Counter(held)
    taken = [record for record in matched if record is not None]
    assert len(set(taken)) == len(taken)
    left = {one.record_id for one in known.in_force()} - set(taken)
    assert len(left) == sum((Counter(held) - Counter(shown)).values())
    for name in set(new):
        expected = range(twins[name], twins[name] + new.count(name))
        assert [known.next_occurrence(key(name)) for _ in expected] == list(expected)
