"""Closing differences that one cause explains are one break with its members; what is not explained stands alone."""

from datetime import timedelta
from decimal import Decimal

import pytest

from recon.checks._causes import zones
from recon.checks._values import Explained
from recon.core.breaks import Break, Diagnosis
from recon.core.money import exact, round_to
from tests.checks._ledger import Ledger, day, kinds

RATE = Decimal("0.0025")


@pytest.fixture(scope="module")
def shared() -> Ledger:
    return Ledger()


@pytest.fixture
def ledger(shared: Ledger) -> Ledger:
    shared.clear()
    return shared


def _members(one: Break) -> list[tuple[object, object]]:
    return [(member["check"], member["asset"]) for member in one.diagnosis.members]


class Trader:
    """Posts trades of BTC for EUR whose fee is taken in EUR, and reckons what the venue would then hold."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.held = {"BTC": Decimal(0), "EUR": Decimal(0)}

    def move(self, asset: str, quantity: str) -> None:
        self.ledger.row(quantity, asset=asset)
        with exact():
            self.held[asset] += Decimal(quantity)

    def trade(self, kind: str, amount: str, paid: str, *, elsewhere: bool) -> None:
        """``elsewhere``: the venue took the fee in the other currency."""
        entry = self.ledger.entry = self.ledger.entry + 1
        at, sign = day(0) + timedelta(hours=entry), 1 if kind == "buy" else -1
        with exact():
            base, quote = sign * Decimal(amount), -sign * Decimal(paid)
            fee, other = round_to(Decimal(paid) * RATE, 2, "half_up"), Decimal(amount) * RATE
            rest = (at, entry, kind, True)
            place = ("fuse", "main", "assets:fuse:main", "assets")
            self.ledger.leg(
                *(entry, *place, "BTC", base, None, *rest),
                *(entry, *place, "EUR", quote - fee, None, *rest),
                *(entry, "fuse", None, "trading", "trading", "BTC", -base, None, *rest),
                *(entry, "fuse", None, "trading", "trading", "EUR", -quote, None, *rest),
                *(entry, "fuse", None, "fees:fuse", "fees", "EUR", fee, None, *rest),
            )
            self.held["BTC"] += base - (round_to(other, 8, "half_up") if elsewhere else 0)
            self.held["EUR"] += quote - (0 if elsewhere else fee)

    def look(self) -> None:
        self.ledger.look({("main", asset): str(held) for asset, held in self.held.items()})


@pytest.fixture
def trader(ledger: Ledger) -> Trader:
    made = Trader(ledger)
    made.move("EUR", "987654.32")
    made.move("BTC", "7.12345678")
    made.look()
    return made


BUYS = [("0.12345678", "8123.45"), ("0.5", "34567.89"), ("0.00765432", "512.34")]


def test_fees_of_all_buys_taken_in_the_other_currency_are_one_break_of_the_account(trader: Trader) -> None:
    for amount, paid in BUYS:
        trader.trade("buy", amount, paid, elsewhere=True)
        trader.trade("sell", amount, paid, elsewhere=False)
    trader.look()
    (found,) = trader.ledger.breaks(names=["closing_balance"])
    assert (found.diagnosis.kind, found.asset, _members(found)) == (
        "fee_currency", "BTC", [("closing_balance", "EUR")],
    )  # fmt: skip
    assert (
        "took the fee of all 3 trades of the kind buy since then in the other currency."
        in found.diagnosis.text
    )
    assert "The same explains EUR (108.01000000), and nothing is left of either." in found.diagnosis.text
    assert "fee_currency" in found.diagnosis.text


def test_a_fee_rule_over_several_looks_is_still_one_break(trader: Trader) -> None:
    for amount, paid in BUYS:
        trader.trade("buy", amount, paid, elsewhere=True)
        trader.look()
    (found,) = trader.ledger.breaks(names=["closing_balance"])
    assert (found.diagnosis.kind, len(found.diagnosis.members)) == ("fee_currency", 5)


def test_the_fee_of_one_trade_taken_in_the_other_currency_is_named(trader: Trader) -> None:
    for number, (amount, paid) in enumerate(BUYS):
        trader.trade("buy", amount, paid, elsewhere=number == 1)
    trader.look()
    (found,) = trader.ledger.breaks(names=["closing_balance"])
    assert (found.diagnosis.kind, found.entries) == ("fee_currency", (4,))
    assert _members(found) == [("closing_balance", "EUR")]


def test_a_fee_rule_that_leaves_a_unit_is_not_named(trader: Trader) -> None:
    for amount, paid in BUYS:
        trader.trade("buy", amount, paid, elsewhere=True)
    with exact():
        trader.held["BTC"] += Decimal("0.00000002")
    trader.look()
    found = trader.ledger.breaks(names=["closing_balance"])
    assert [one.diagnosis.kind for one in found] == ["unexplained", "unexplained"]
    assert "all fees taken with other rows (3) did not move the balance." in found[1].diagnosis.text


def test_a_missing_trade_is_two_breaks_that_point_to_one_another(trader: Trader) -> None:
    trader.trade("buy", "0.12345678", "8123.45", elsewhere=False)
    with exact():
        trader.held["BTC"] += Decimal("0.3141592")
        trader.held["EUR"] -= Decimal("21111.11")
    trader.look()
    found = trader.ledger.breaks(names=["closing_balance"])
    assert [one.diagnosis.kind for one in found] == ["unexplained", "unexplained"]
    assert "EUR (21111.11 less). One row that moves several assets" in found[0].diagnosis.text


def test_assets_that_came_apart_at_other_times_are_no_missing_trade(trader: Trader) -> None:
    for asset, amount in (("BTC", "0.3141592"), ("EUR", "-21111.11")):
        trader.trade("buy", "0.12345678", "8123.45", elsewhere=False)
        with exact():
            trader.held[asset] += Decimal(amount)
        trader.look()
    found = trader.ledger.breaks(names=["closing_balance"])
    assert [one.diagnosis.kind for one in found] == ["missing_record", "missing_record"]


def test_a_trade_listed_twice_is_one_break(trader: Trader) -> None:
    trader.trade("buy", "0.12345678", "8123.45", elsewhere=False)
    held = dict(trader.held)
    trader.trade("buy", "0.12345678", "8123.45", elsewhere=False)
    trader.held = held
    trader.look()
    (found,) = trader.ledger.breaks(names=["closing_balance"])
    assert (found.diagnosis.kind, _members(found)) == ("duplicate_record", [("closing_balance", "EUR")])


def test_a_stream_that_was_not_read_whole_takes_what_nothing_else_explains_of_its_asset(
    ledger: Ledger,
) -> None:
    ledger.row("10", at=day(1))
    ledger.row("7", asset="ETH", at=day(1))
    ledger.row("-3.14159", asset="EUR", at=day(1))
    ledger.read("deposits/BTC", "failed", at=day(2), error="HTTP 500")
    ledger.look({("main", "BTC"): "12.345", ("main", "ETH"): "8", ("main", "EUR"): "3.14159"}, at=day(3))
    found = ledger.breaks(names=["coverage", "closing_balance"])
    assert [(one.check, one.asset) for one in found] == [
        ("coverage", None), ("closing_balance", "ETH"), ("closing_balance", "EUR"),
    ]  # fmt: skip
    assert _members(found[0]) == [("closing_balance", "BTC")]
    assert found[2].diagnosis.kind == "sign_flipped"


def test_a_stream_of_all_assets_takes_those_of_its_source_only(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.row("10", at=day(1), source="gas")
    ledger.read("history", "failed", at=day(2), error="HTTP 500")
    for source in ("fuse", "gas"):
        ledger.look({("main", "BTC"): "12.345"}, at=day(3), source=source)
    found = ledger.breaks(names=["coverage", "closing_balance"])
    assert [(one.check, one.source) for one in found] == [("coverage", "fuse"), ("closing_balance", "gas")]


def test_a_dropped_row_that_the_venue_still_holds_is_the_restatement(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    first = ledger.row("3.14159", at=day(1), live=False)
    ledger.look({("main", "BTC"): "13.14159"}, at=day(2))
    undone = ledger.row("-3.14159", at=day(1), live=False, kind="reversal: deposit")
    ledger.connection.execute("update legs set record = ? where entry = ?", [first, undone])
    ledger.connection.execute(
        "insert into reversals values (?, ?, 'history', 'vanished', ?)", [undone, first, day(3)]
    )
    ledger.look({("main", "BTC"): "13.14159"}, at=day(3))
    (found,) = ledger.breaks(names=["restated", "closing_balance"])
    assert (found.check, _members(found)) == ("restated", [("closing_balance", "BTC")])
    ledger.look({("main", "BTC"): "13.14160"}, at=day(4))
    assert [one.check for one in ledger.breaks(names=["restated", "closing_balance"])] == [
        "restated", "closing_balance",
    ]  # fmt: skip


def test_a_movement_posted_twice_is_the_duplicate_that_the_balance_is_out_by(ledger: Ledger) -> None:
    ledger.row("10", at=day(1))
    ledger.row("3.14159", at=day(1))
    ledger.row("-1", at=day(1))
    ledger.row("3.14159", at=day(1))
    ledger.connection.execute("update legs set txid = 'a1' where entry in (2, 4)")
    ledger.look({("main", "BTC"): "12.14159"}, at=day(2))
    (found,) = ledger.breaks(names=["duplicates", "closing_balance"])
    assert (found.check, _members(found)) == ("duplicates", [("closing_balance", "BTC")])


def test_a_place_below_zero_that_the_missing_row_lifts_belongs_to_it(ledger: Ledger) -> None:
    ledger.row("1", at=day(1))
    ledger.look({("main", "BTC"): "1"}, at=day(2))
    ledger.row("-3", at=day(3))
    ledger.row("5", at=day(4))
    ledger.look({("main", "BTC"): "5.25"}, at=day(5))
    names = ["closing_balance", "negative_balance"]
    (found,) = ledger.breaks(names=names)
    assert (found.check, _members(found)) == ("closing_balance", [("negative_balance", "BTC")])


@pytest.mark.parametrize(("before", "held"), [("0.5", "1.5"), ("1", "1.99")])
def test_a_place_below_zero_that_nothing_lifts_stands_alone(ledger: Ledger, before: str, held: str) -> None:
    """At 1.5 what is missing came after; at 1.99 it is too little."""
    ledger.row("1" if before == "1" else "-2", at=day(1))
    ledger.row("2" if before == "0.5" else "0.001", at=day(1.5))
    ledger.look({("main", "BTC"): "0" if before == "0.5" else "1.001"}, at=day(2))
    ledger.row("-3" if before == "1" else "0.5", at=day(3))
    ledger.row("3", at=day(4))
    ledger.look({("main", "BTC"): held if before == "1" else "4.5"}, at=day(5))
    names = ["closing_balance", "negative_balance"]
    assert sorted(one.check for one in ledger.breaks(names=names)) == names


def _reordered(number: int, *shifts: int) -> Explained:
    found = Break(
        check="running_balance", severity="error", anchor=str(number), source="fuse", at=None,
        diagnosis=Diagnosis(kind="reordered", text="x"),
    )  # fmt: skip
    return Explained(found, (), (), shifts=frozenset(shifts))


def test_rows_that_one_shift_puts_in_order_are_one_break_unless_chance_could_do_it() -> None:
    def causes(*ones: Explained) -> list[tuple[str, str]]:
        return [(one.host, one.member) for one in zones({one.found.id: one.found for one in ones}, ones)]

    narrow = [_reordered(1, 4), _reordered(2, 4, 5), _reordered(3, 4)]
    assert causes(*narrow) == [(narrow[0].found.id, one.found.id) for one in narrow[1:]]
    assert causes(*narrow[:2]) == []
    wide = [_reordered(number, *range(1, 100)) for number in range(4)]
    assert causes(*wide) == []
    apart = [_reordered(1, 4), _reordered(2, -4), _reordered(3, 8)]
    assert causes(*apart) == []
    assert kinds([narrow[0].found]) == [("running_balance", "reordered")]


def test_a_dip_that_two_missing_rows_lift_together_is_part_of_their_first_difference(ledger: Ledger) -> None:
    ledger.look({}, at=day(1))
    ledger.look({("main", "BTC"): "3"}, at=day(2))
    ledger.look({("main", "BTC"): "8"}, at=day(3))
    ledger.row("-7", kind="withdrawal", at=day(3.5))
    ledger.look({("main", "BTC"): "1"}, at=day(4))
    found = ledger.breaks(names=["closing_balance", "negative_balance"])
    assert [(one.check, one.difference) for one in found] == [
        ("closing_balance", Decimal(3)),
        ("closing_balance", Decimal(5)),
    ]
    assert [_members(one) for one in found] == [[("negative_balance", "BTC")], []]
