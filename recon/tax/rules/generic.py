"""Companies, and whoever keeps books by a method of their own: any method, any scope, gains and income plainly.

No law stands behind it. All that leaves against a worth is a disposal, fees in kind too; a swap is worth what was
received; a gift that was given leaves at its cost, one that was received cost what it was worth (as IFRS 13 and ASC 820
measure what is had for nothing); every income counts at its worth.
"""

from collections.abc import Sequence

from recon.core import activity
from recon.core.tax import Line, Rulebook, Year
from recon.tax.rules._activities import ARRIVES, ASSUMPTIONS, LEAVES
from recon.tax.rules._days import calendar_year
from recon.tax.rules._figures import earned, exact, lacking, total


def lines(year: Year) -> Sequence[Line]:
    """The year's sums to the last digit, and income by kind."""
    sums = total(year)
    form = f"Summary {year.number}"
    return [
        Line(form, "", "Disposals", str(sums.disposals)),
        Line(form, "", "Proceeds", exact(sums.proceeds)),
        Line(form, "", "Cost", exact(sums.cost)),
        Line(form, "", "Gains", exact(sums.gains)),
        Line(form, "", "Losses", exact(sums.losses)),
        Line(form, "", "Gains less losses", exact(sums.gain)),
        *(Line(form, "", kind.capitalize(), exact(amount)) for kind, amount in sorted(year.income.items())),
        Line(form, "", "Income in all", exact(earned(year))),
        *lacking(year),
    ]


RULES = Rulebook(
    name="generic",
    title="Companies: any method and scope",
    year=calendar_year,
    methods=("fifo", "lifo", "hifo", "lofo", "average", "specific"),
    scopes=((None, "universal"),),
    free_scope=True,
    leaves=LEAVES,
    arrives={**ARRIVES, activity.GIFT_IN: "market"},
    swap="received",
    lines=lines,
    assumptions={**ASSUMPTIONS, "year": "The year is the calendar year."},
)
