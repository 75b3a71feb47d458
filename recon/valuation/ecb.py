"""The ECB's reference rate of the event's day in Frankfurt, or of the last day before it that has one.

Rates are never interpolated. TARGET is closed for five days at most, so that a rate older than a week is a lack.
"""

from recon.valuation._rule import DAY, Rule, Series, lack_of_latest, latest

_MOST = 7 * DAY


def _last_known(series: Series, at: int, age: int) -> int | None:
    return latest(series, at, _MOST)


RULE = Rule(
    name="ecb",
    title="ECB reference rates",
    pick=_last_known,
    lack=lack_of_latest,
    serves=lambda at, age: (at, at + _MOST),
    cure="Fetch it with recon prices pull",
    daily=True,
    official=True,
)
