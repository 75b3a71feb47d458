"""Specific identification: a disposal takes the lots that were chosen for it.

A chosen lot must lie in the disposal's own book, acquired by then, with the units left. Where that is not so, and where
no choice was made, the lots acquired first go first: Treas. Reg. 1.1012-1(j)(2) and (3). A match's rule tells the two
apart, ``specific`` or ``fifo``, and the outcome names every choice that could not be followed. A move between own
places may be given a choice too.
"""

from collections.abc import Generator, Iterable

from recon.core.lots import Match, Method, Movement, Outcome, Plan
from recon.tax.methods._lots import ORDERS, Shelf
from recon.tax.methods._walk import walk


def _match(movements: Iterable[Movement], plan: Plan) -> Generator[Match, None, Outcome]:
    shelf = Shelf(ORDERS["fifo"], plan.choices)
    outcome = yield from walk(movements, plan, shelf.book)
    never = [(movement, lot, units) for movement, some in shelf.choices.items() for lot, units in some]
    return outcome._replace(unmet=shelf.unmet + never)


METHOD = Method(name="specific", title="Specific identification", match=_match)
