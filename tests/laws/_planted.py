"""Ledgers with planted faults: what we hold is what the venue has, but for one fault or a few."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from random import Random

from recon.core.money import ZERO, exact, round_to, text
from recon.core.times import Period
from tests.checks._ledger import EVER, JANUARY
from tests.laws._cases import Case, Fault, gaps, kinds_fitting, spots, transposed
from tests.laws._venues import DECIMALS, END, MAKER, PAGE, Leg, Place, Row, made

STATED = ("fuse", "gas", "broker")
OWN = "bc1own"
"""The address that is declared one's own."""
DUST = 50
"""So few units of the last decimal may be the rounding of rows before."""


Plant = Callable[[Case, Row, Random], Fault | None]


def planted(random: Random, size: int, kinds: Sequence[str], period: Period = EVER) -> Case | None:
    """A ledger with a fault of each of ``kinds``; None where the books have no row that such a fault would show at."""
    books = made(random, size)
    case = Case(books, list(books.rows), period)
    with exact():
        for kind in kinds:
            if not any(_plant(case, kind, row, random) for row in _picked(case, kind, random)):
                return None
        if random.randrange(2):
            _mix(case, random)
    return case


def _mix(case: Case, random: Random) -> None:
    """CryptoFuse lists the rows that share a second in any order."""
    drawn = {row.record: random.random() for row in case.ours}
    mixed = sorted(
        (row for row in case.ours if row.source == "fuse"), key=lambda row: (row.at, drawn[row.record])
    )
    case.ours = [row for row in case.ours if row.source != "fuse"] + mixed


def _picked(case: Case, kind: str, random: Random) -> Iterator[Row]:
    """Candidates: the first, a middle and the last row, edges of pages, of pulls and of the period, then any."""
    true, taken = set(case.books.rows), {fault.row.record for fault in case.faults}
    rows = [row for row in case.ours if row in true and row.record not in taken and row.at < case.end]
    if not rows:
        return
    by_stream: dict[tuple[str, str], int] = {}
    edges = [rows[0], rows[len(rows) // 2], rows[-1]]
    for before, row in zip([None, *rows], rows, strict=False):
        number = by_stream[row.source, row.stream] = by_stream.get((row.source, row.stream), 0) + 1
        new_pull = before is not None and before.pull != row.pull
        if number % PAGE < 2 or new_pull or END - timedelta(days=1) < row.at:
            edges.append(row)
    yield from random.sample(edges, min(len(edges), 4))
    yield from random.sample(rows, min(len(rows), 12))


def _plant(case: Case, kind: str, row: Row, random: Random) -> bool:
    """Plants a fault, and takes it back where it would not show or would look like one of another kind."""
    before = list(case.books.rows), list(case.ours), dict(case.failed)
    same_source = any(row.source == fault.row.source for fault in case.faults)
    alone = kind in ("cut", "fee_currency") or any(one.kind in ("cut", "fee_currency") for one in case.faults)
    fault = None if alone and same_source else PLANTS[kind](case, row, random)
    if (
        fault is not None
        and _shows(case, fault)
        and not _dips(case.books.rows)
        and not _like_another(case, fault)
    ):
        case.faults.append(fault)
        return True
    case.books.rows, case.ours, case.failed = before
    return False


def _shows(case: Case, fault: Fault) -> bool:
    found = {spot.place for spot in spots(case, fault)}
    return bool(found) and set(fault.amounts) <= found


def _dips(rows: list[Row]) -> bool:
    """Whether the venue itself would ever hold less than nothing."""
    held: dict[Place, Decimal] = {}
    for row in sorted((row for row in rows if row.until is None), key=lambda row: (row.ordinal, row.turn)):
        for place in row.places():
            held[place] = held.get(place, ZERO) + row.moved(place)
            if held[place] < 0:
                return True
    return False


def _like_another(case: Case, fault: Fault) -> bool:
    """Whether the figures around its gap are to the digit those that a fault of another kind would leave."""
    for place, amount in fault.amounts.items():
        if fault.kind != "rounding" and abs(amount) <= DUST * Decimal(1).scaleb(-DECIMALS[place[2]]):
            return True
        if place[0] == "egera" or fault.kind in ("zone", "swapped"):
            continue
        for _, gap, rows in gaps(case, place):
            for row in rows:
                if kinds_fitting(case.chain(place), place, row, gap) - fault.names:
                    return True
    return False


def _single(row: Row) -> bool:
    """A row of one chain that is no half of a transfer."""
    return len(row.held) == 1 and not any(leg.of == "transit" for leg in row.legs)


def _put(case: Case, row: Row, *instead: Row) -> None:
    place = case.ours.index(row)
    case.ours[place : place + 1] = instead


def _fault(kind: str, row: Row, names: str, amounts: dict[Place, Decimal] | None = None) -> Fault:
    """Where nothing else is said, all that the row moves is out."""
    held = {place: row.moved(place) for place in row.places()} if amounts is None else amounts
    return Fault(kind, row, held, frozenset(names.split()))


def _altered(row: Row, leg: Leg, quantity: Decimal) -> Row:
    """The row with another quantity in one of its chains, its other side with it."""
    other = next(one for one in row.legs if one.of != "assets" and one.asset == leg.asset)
    moved = quantity - leg.quantity
    swapped = {leg: leg._replace(quantity=quantity), other: other._replace(quantity=other.quantity - moved)}
    return row._replace(legs=tuple(swapped.get(one, one) for one in row.legs))


def _decimals(number: Decimal) -> int:
    return len(text(number).partition(".")[2])


def _misstate(case: Case, row: Row, kind: str, names: str, leg: Leg, quantity: Decimal) -> Fault | None:
    if not quantity or abs(quantity) >= 10**17 or _decimals(quantity) > 18:
        return None
    _put(case, row, _altered(row, leg, quantity))
    place = (row.source, leg.account or "", leg.asset)
    return _fault(kind, row, names, {place: leg.quantity - quantity})


def _missing(case: Case, row: Row, random: Random) -> Fault | None:
    if row.kind in ("transaction_fee", "withdrawal_fee") or any(leg.of == "transit" for leg in row.legs):
        return None
    _put(case, row)
    return _fault("missing", row, "missing_record")


def _doubled(case: Case, row: Row, random: Random) -> Fault | None:
    if any(leg.of == "transit" for leg in row.legs):
        return None
    _put(case, row, row, row._replace(record=10**6 + row.record, turn=row.turn + 1))
    return _fault("doubled", row, "duplicate_record", {place: -row.moved(place) for place in row.places()})


def _swapped(case: Case, row: Row, random: Random) -> Fault | None:
    """The row and the next one of its chain, of another second, have each other's time."""
    if not _single(row) or row.source not in STATED:
        return None
    place = row.places()[0]
    chain = case.chain(place)
    number = chain.index(row)
    following = chain[number + 1] if number + 1 < len(chain) else row
    stated = all(one.held[0].after is not None for one in (row, following))
    if not (
        stated and _single(following) and row.at < following.at < case.end and row.pull == following.pull
    ):
        return None
    _put(case, row, row._replace(at=following.at, ordinal=following.ordinal))
    _put(case, following, following._replace(at=row.at, ordinal=row.ordinal))
    return _fault("swapped", row, "reordered")


def _sign(case: Case, row: Row, random: Random) -> Fault | None:
    return (
        _misstate(case, row, "sign", "sign_flipped", row.held[0], -row.held[0].quantity)
        if _single(row)
        else None
    )


def _scale(case: Case, row: Row, random: Random) -> Fault | None:
    leg = row.held[0]
    shifted = leg.quantity.scaleb(random.choice([-18, -12, -8, -6, -3, -2, -1, 1, 2, 3, 6, 8, 12]))
    return _misstate(case, row, "scale", "decimal_shift", leg, shifted) if _single(row) else None


def _digits(case: Case, row: Row, random: Random) -> Fault | None:
    leg = row.held[0]
    ways = [one for one in transposed(leg.quantity) if leg.quantity in set(transposed(one))]
    if not ways or not _single(row):
        return None
    return _misstate(case, row, "digits", "transposed_digits", leg, random.choice(ways))


def _rounding(case: Case, row: Row, random: Random) -> Fault | None:
    """One unit of the last decimal, of what a trade or its fee was rounded to."""
    leg, unit = row.held[-1], Decimal(1).scaleb(-DECIMALS[row.held[-1].asset])
    if row.kind not in ("buy", "sell", "transaction_fee") or leg.asset not in ("PLN", "EUR", "USDC"):
        return None
    quantity = leg.quantity + random.choice([unit, -unit])
    to_the_last = {_decimals(quantity), _decimals(leg.quantity)} == {DECIMALS[leg.asset]}
    if not to_the_last or abs(leg.quantity) < 100 * unit:
        return None
    return _misstate(case, row, "rounding", "rounding", leg, quantity)


def _altering(case: Case, row: Row, random: Random) -> Fault | None:
    """Misstated by whatever amount: nothing tells it from a row that is missing."""
    leg = row.held[0]
    more = Decimal(random.randrange(10**3, 10**5)).scaleb(-DECIMALS[leg.asset])
    return (
        _misstate(case, row, "altered", "missing_record", leg, leg.quantity + more) if _single(row) else None
    )


def _fee(case: Case, row: Row, random: Random) -> Fault | None:
    """A fee at a known rate that was not posted: a row of its own, or part of a trade."""
    if row.kind in ("transaction_fee", "withdrawal_fee"):
        _put(case, row)
        return _fault("fee", row, "fee_not_posted missing_record")
    fee = next((leg for leg in row.legs if leg.of == "fees"), None)
    if row.source != "egera" or row.stream != "trades" or fee is None:
        return None
    leg = next(one for one in row.held if one.asset == fee.asset)
    legs = (one._replace(quantity=one.quantity + fee.quantity) if one is leg else one for one in row.legs)
    _put(case, row, row._replace(legs=tuple(one for one in legs if one is not fee)))
    return _fault("fee", row, "fee_not_posted", {("egera", "main", fee.asset): -fee.quantity})


def _fee_currency(case: Case, row: Row, random: Random) -> Fault | None:
    """Every purchase's fee is taken from what it brings, at the same rate, not from what it costs."""
    bought = [one for one in case.ours if one.source == "egera" and one.kind == "buy" and len(one.legs) == 5]
    if row not in bought or len(bought) < 3:
        return None
    amounts = {("egera", "main", "BTC"): ZERO, ("egera", "main", "PLN"): ZERO}
    for one in bought:
        base, quote = one.held
        fee = next(leg for leg in one.legs if leg.of == "fees")
        taken = round_to(base.quantity * MAKER, 8, "half_up")
        changed = {
            base: base._replace(quantity=base.quantity - taken),
            quote: quote._replace(quantity=quote.quantity + fee.quantity),
            fee: Leg(None, "fees", "BTC", taken),
        }
        _put(case, one, one._replace(legs=tuple(changed.get(leg, leg) for leg in one.legs)))
        amounts["egera", "main", "BTC"] += taken
        amounts["egera", "main", "PLN"] -= fee.quantity
    # a single purchase between two looks may fit by chance
    sure = max(Counter(one.pull for one in bought).values()) > 1
    return _fault("fee_currency", bought[0], "fee_currency", amounts)._replace(sure=sure)


def _zone(case: Case, row: Row, random: Random) -> Fault | None:
    """A row's time is read in another zone, so that it lies on the other side of the period's end, or of others."""
    hours = timedelta(hours=random.choice([1, 2, 5, 8, 12]))
    if not _single(row) or row.source not in ("gas", "fuse"):
        return None
    moved = row._replace(at=row.at + hours)
    chain = case.chain(row.places()[0])
    if row.source == "gas":
        # with one row after it, that one's date may as well be the wrong one
        later = [one for one in chain if one.ordinal > row.ordinal and one.at < END]
        if case.period is not JANUARY or not row.at < END <= moved.at or len(later) < 2:
            return None
    else:
        moved = moved._replace(ordinal=row.ordinal + hours // timedelta(microseconds=1))
        if moved.at >= min(case.books.pulls[row.pull], case.end):
            return None
    _put(case, row, moved)
    amount = row.held[0].quantity
    return _fault("zone", row, "cutoff reordered", {row.places()[0]: amount})._replace(sure=True)


def _restated(case: Case, row: Row, random: Random) -> Fault | None:
    """After a later pull the venue states another quantity of a row it had given, or the row no more."""
    if row.source != "egera" or not _single(row) or row.pull + 1 >= len(case.books.pulls):
        return None
    old = row._replace(until=random.randrange(row.pull + 1, len(case.books.pulls)))
    leg = row.held[0]
    new = [_altered(row, leg, leg.quantity * 2)._replace(pull=old.until or 0)] if random.randrange(2) else []
    for rows in (case.books.rows, case.ours):
        place = rows.index(row)
        rows[place : place + 1] = [old, *new]
    return Fault("restated", row, {}, frozenset(["restated"] if new else ["vanished"]))


def _cut(case: Case, row: Row, random: Random) -> Fault | None:
    """From the row's pull on nothing of its stream is read, and the readings fail."""
    gone = [one for one in case.ours if one[:2] == row[:2] and one.pull >= row.pull]
    if row.source == "broker" or any(leg.of == "transit" for one in gone for leg in one.legs):
        return None
    for one in gone:
        _put(case, one)
    case.failed[row.source, row.stream] = row.pull
    return Fault("cut", row, {}, frozenset(["missing_record"]))


def _lost_leg(case: Case, row: Row, random: Random) -> Fault | None:
    """What left for another place of one's own never arrived, at the venue as with us."""
    lost = Fault("lost_leg", row, {}, frozenset(["in_transit"]))
    if row.stream == "withdrawals/BTC" and not row.txid:
        for rows in (case.books.rows, case.ours):
            rows[rows.index(row)] = row._replace(address=OWN)
        return lost
    arrived = next((one for one in case.ours if one.turn == row.turn + 2 and one.kind == "transfer_in"), None)
    if arrived is None or row.kind not in ("transfer_out", "to_sub"):
        return None
    place, amount = arrived.places()[0], arrived.held[0].quantity
    for rows in (case.books.rows, case.ours):
        rows.remove(arrived)
        for number, one in enumerate(rows):
            if place in one.places() and one.turn > arrived.turn:
                rows[number] = one._replace(legs=tuple(_lowered(one, leg, place, amount) for leg in one.legs))
    return lost


def _lowered(row: Row, leg: Leg, place: Place, amount: Decimal) -> Leg:
    """The part of a row with a statement lower by an amount, where it states one of that place."""
    if (row.source, leg.account, leg.asset) != place or leg.after is None:
        return leg
    return leg._replace(after=leg.after - amount)


PLANTS: dict[str, Plant] = {
    "missing": _missing, "doubled": _doubled, "swapped": _swapped, "sign": _sign, "scale": _scale, "digits": _digits,
    "fee": _fee, "fee_currency": _fee_currency, "zone": _zone, "rounding": _rounding, "altered": _altering,
    "restated": _restated, "cut": _cut, "lost_leg": _lost_leg,
}  # fmt: skip
