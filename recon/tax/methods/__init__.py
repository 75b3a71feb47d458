"""The methods: one file is one way to match units that left with units that arrived. It ends in ``METHOD``."""

from collections.abc import Generator, Iterable, Sequence

from recon.core.lots import Match, Method, Movement, Outcome, Plan
from recon.tax.methods._lots import ORDERS, Shelf
from recon.tax.methods._walk import walk


def changing(steps: Sequence[tuple[int, str]]) -> Method:
    """A method that takes lots in another order from each moment on: (moment, name of fifo, lifo, hifo or lofo).

    The lots stay common: what one order left, the next may take. The first step holds from the beginning on. Any other
    name raises KeyError, for a pool or a chosen lot knows no order.
    """
    orders = [(since, ORDERS[name]) for since, name in steps]

    def match(movements: Iterable[Movement], plan: Plan) -> Generator[Match, None, Outcome]:
        shelf = Shelf(orders[0][1])
        return walk(_turning(movements, shelf), plan, shelf.book)

    def _turning(movements: Iterable[Movement], shelf: Shelf) -> Iterable[Movement]:
        coming = iter(orders[1:])
        turn = next(coming, None)
        for movement in movements:
            while turn and movement.at >= turn[0]:
                shelf.order = turn[1]
                turn = next(coming, None)
            yield movement

    return Method(name="changing", title=", then ".join(name for _, name in steps), match=match)
