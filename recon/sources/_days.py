"""What publishers of daily rates share: their settings, how they are asked, and spans of days cut into pages."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta

from recon.core.contracts import Allowed, Ask, World
from recon.sources._auth import Auth
from recon.sources._http import http
from recon.sources._settings import HttpSettings

Span = tuple[date, date]
"""Days from the first to the last, both among them."""


class DaysSettings(HttpSettings):
    """``spans`` are the days to ask for. They follow from what is held, and are noted with the answers."""

    spans: tuple[Span, ...] = ()


def asked(
    name: str, settings: DaysSettings, world: World, allowed: tuple[Allowed, ...]
) -> AbstractContextManager[Ask]:
    """A way to ask a publisher, which does not ask who asks."""
    return http(
        source=name,
        base_url=settings.base_url,
        allowed=allowed,
        auth=Auth(),
        world=world,
        deadline_s=settings.deadline_s,
        judge=lambda value: None,
    )


def pages(spans: Sequence[Span], most: int) -> Iterator[Span]:
    """The spans in pieces of at most so many days, all of a span nearly as long, so that none is a lone week-end."""
    for first, last in spans:
        days = (last - first).days + 1
        count = -(-days // most)
        for number in range(count):
            start, stop = days * number // count, days * (number + 1) // count
            yield first + timedelta(days=start), first + timedelta(days=stop - 1)


def within(day: date, spans: Sequence[Span]) -> bool:
    """Whether a day lies in one of the spans."""
    return any(first <= day <= last for first, last in spans)
