"""Figures of law by year, and amounts as forms want them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from recon.core.errors import ConfigError
from recon.core.lots import UNIT
from recon.core.tax import Line, Sums, Term, Year, half_up

T = TypeVar("T")
Rounding = Literal["half up", "down", "up"]


class Figure(NamedTuple, Generic[T]):
    """A figure and where it is from. A ``source`` that is not the official text itself says so: it is ``secondary``."""

    value: T
    source: str


def figure(table: Mapping[int, Figure[T]], year: int, what: str) -> T:
    """What holds in a tax year: the latest figure that the year does not precede.

    Raises ConfigError for a year before all figures: what held then must be looked up.
    """
    found = _in_force(table, year)
    if found is None:
        raise ConfigError(
            f"{what} is not known before {min(table)}",
            where=f"tax year {year}",
            next_step="Ask for a later year, or add the figure and its source to the rulebook",
        )
    return found.value


def cited(tables: Mapping[str, Mapping[int, Figure[Any]]]) -> Callable[[int], Mapping[str, str]]:
    """For a tax year, where each figure is from that holds in it."""

    def sources(year: int) -> Mapping[str, str]:
        held = {what: _in_force(table, year) for what, table in tables.items()}
        return {what: found.source for what, found in held.items() if found is not None}

    return sources


def _in_force(table: Mapping[int, Figure[T]], year: int) -> Figure[T] | None:
    since = [first for first in table if first <= year]
    return table[max(since)] if since else None


def rounded(amount: int, grain: int, how: Rounding) -> int:
    """``amount`` as a multiple of ``grain``. ``down`` is towards zero, ``up`` away from it."""
    match how:
        case "half up":
            return half_up(amount, grain)
        case "down":
            size = abs(amount) // grain * grain
        case "up":
            size = -(-abs(amount) // grain) * grain
    return size if amount >= 0 else -size


def shown(amount: int, places: int, how: Rounding = "half up") -> str:
    """``amount`` with so many decimals, such as -1234.50."""
    grain = UNIT // 10**places
    count = rounded(amount, grain, how) // grain
    digits = f"{abs(count):0{places + 1}}"
    sign = "-" if count < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def exact(amount: int) -> str:
    """``amount`` with every digit it has, such as 0.5."""
    return shown(amount, 18).rstrip("0").rstrip(".")


def total(year: Year, *terms: Term | None) -> Sums:
    """The sums of what counts, over all activities and the given terms, or all terms."""
    parts = [sums for (_, term), sums in year.taxed.items() if not terms or term in terms]
    return Sums(
        disposals=sum(part.disposals for part in parts),
        rows=sum(part.rows for part in parts),
        quantity=sum(part.quantity for part in parts),
        proceeds=sum(part.proceeds for part in parts),
        cost=sum(part.cost for part in parts),
        gains=sum(part.gains for part in parts),
        losses=sum(part.losses for part in parts),
        unknown=sum(part.unknown for part in parts),
    )


def earned(year: Year, *, without: Collection[str] = ()) -> int:
    """All income of the year, but for the activities of ``without``."""
    return sum(amount for activity, amount in year.income.items() if activity not in without)


def lacking(year: Year) -> list[Line]:
    """A line that says how many rows are in no figure, since their proceeds or cost are not known; none if all are."""
    unknown = total(year).unknown
    return (
        [Line("", "", "Rows in no figure above, for lack of a price or a cost", str(unknown))]
        if unknown
        else []
    )
