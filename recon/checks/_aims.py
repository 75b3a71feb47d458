"""Which sizes of one row would explain a closing difference, in tables that find it among any number of rows."""

from collections.abc import Sequence
from decimal import Decimal

from duckdb import DuckDBPyConnection

from recon.core.money import FRACTION_DIGITS, exact
from recon.core.records import Rate

_TARGETS = """
create or replace temp table targets(number bigint, low decimal(38, 18), high decimal(38, 18));
create or replace temp table swaps(number bigint, unit hugeint, moved bigint);
"""


def aim(
    connection: DuckDBPyConnection,
    rests: Sequence[Decimal],
    rates: Sequence[Sequence[Rate]],
    decimals: Sequence[int],
) -> None:
    """Fills ``targets`` and ``swaps`` for each difference, which are numbered from 1."""
    connection.execute(_TARGETS)
    aims: list[tuple[int, Decimal, Decimal]] = []
    swaps: list[tuple[int, int, int]] = []
    with exact():
        for number, rest in enumerate(rests, start=1):
            if rest:
                aims += [(number, each, each) for each in _quantities(rest)]
                aims += [(number, *each) for each in _ranges(rest, rates[number - 1], decimals[number - 1])]
                swaps += [(number, *each) for each in _swap(rest)]
    if aims:
        numbers, low, high = zip(*aims, strict=True)
        connection.execute(
            "insert into targets select unnest($1), cast(unnest($2) as decimal(38, 18)), "
            "cast(unnest($3) as decimal(38, 18))",
            [list(numbers), [format(each, "f") for each in low], [format(each, "f") for each in high]],
        )
    if swaps:
        connection.execute(
            "insert into swaps select unnest($1), cast(unnest($2) as hugeint), unnest($3)",
            [[one[0] for one in swaps], [str(one[1]) for one in swaps], [one[2] for one in swaps]],
        )


def _quantities(rest: Decimal) -> set[Decimal]:
    """What a row must be to explain it by its absence, its sign or its decimal point."""
    units = int(rest.scaleb(FRACTION_DIGITS))
    found = {-units}
    if units % 2 == 0:
        found.add(-units // 2)
    for power in range(1, 2 * FRACTION_DIGITS + 1):
        nines = 10**power - 1
        if units % nines == 0:
            found |= {units // nines, -(units // nines) * 10**power}
    return {
        Decimal(each).scaleb(-FRACTION_DIGITS) for each in found if abs(each) < 10 ** (2 * FRACTION_DIGITS)
    }


def _ranges(rest: Decimal, rates: Sequence[Rate], decimals: int) -> list[tuple[Decimal, Decimal]]:
    """Between which sizes of a row its fee may round to the rest; a little wide, as it is reckoned exactly later."""
    found = []
    if rest < 0:
        units, unit = int(-rest.scaleb(FRACTION_DIGITS)), 10 ** (FRACTION_DIGITS - decimals)
        for rate in rates:
            if rate.rate:
                per = rate.rate.as_integer_ratio()
                low, high = ((units + step) * per[1] // per[0] + step // unit for step in (-unit, unit))
                found.append((max(low, 0), min(high, 10 ** (2 * FRACTION_DIGITS))))
    return [
        (Decimal(low).scaleb(-FRACTION_DIGITS), Decimal(high).scaleb(-FRACTION_DIGITS)) for low, high in found
    ]


def _swap(rest: Decimal) -> list[tuple[int, int]]:
    """Which place, and what it moves there, if two neighbouring digits that are swapped can make this at all."""
    moved, unit = int(rest.scaleb(FRACTION_DIGITS)), 1
    while moved % 10 == 0:
        moved, unit = moved // 10, unit * 10
    return [(unit, moved)] if moved % 9 == 0 and abs(moved) <= 81 else []
