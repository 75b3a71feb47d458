"""Germany: private disposals of individuals (EStG section 23) and other income (section 22 no. 3), on Anlage SO.

BMF is the Federal Ministry of Finance's letter on crypto assets of 2025-03-06 (GZ IV C 1 - S 2256/00042/064/043), which
followed that of 2022-05-10. Its text was not read: what is said of it here is secondary.

- Sale, swap and payment are disposals; so is a fee that is paid in a token (BMF; FG Nuernberg 2025-01-22, 3 K 760/22).
- A swap is worth what was received (BMF).
- A gain counts when units were held for one year or less (section 23 (1) sentence 1 no. 2). The anniversary is still
  in the year (BGB sections 187 (1), 188 (2) and (3)); interest or staking does not lengthen it (BMF).
- The gains of a year are free as long as they are less than the Freigrenze in all, else they count whole (section 23
  (3) sentence 5). So it is with other income (section 22 no. 3 sentence 2).
- Mining, staking, lending and airdrops for a service are other income at their worth (BMF), which is then their cost.
  After a fork the old cost is divided by worth (BMF): only the user can say how.
- A gift is no disposal, and who received one takes over the giver's cost and day (section 23 (1) sentence 3).
- Units are those identified, else the first or an average, wallet by wallet (BMF). FG Nuernberg allows lifo as well.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from recon.core.lots import UNIT
from recon.core.tax import Line, Rulebook, Term, Year
from recon.tax.rules._activities import ARRIVES, ASSUMPTIONS, HARDFORK, LEAVES, WAGES
from recon.tax.rules._days import a_year_on, calendar_year
from recon.tax.rules._figures import Figure, cited, earned, figure, lacking, shown, total

FORMS_KNOWN = 2025


class Lines(NamedTuple):
    """The lines of Anlage SO that tokens go to."""

    income: str
    proceeds: str
    cost: str
    gain: str


LINES: Mapping[int, Figure[Lines]] = {
    1999: Figure(Lines("", "", "", ""), "not looked up: these forms have no lines for tokens alone"),
    2023: Figure(
        Lines("11", "44", "45", "47"),
        "Anlage SO 2023, https://www.formulare-bfinv.de; secondary: tax advisers name lines 10-16 and 41-47",
    ),
    2024: Figure(
        Lines("11", "44", "45", "47"),
        "Anlage SO 2024 (2024AnlSO131NET), https://www.formulare-bfinv.de; secondary: read in tax software",
    ),
    2025: Figure(
        Lines("15", "48", "49", "51"),
        "Anlage SO 2025 (2025AnlSO131NET), https://www.formulare-bfinv.de; secondary: read in tax software",
    ),
}

FREE_GAINS: Mapping[int, Figure[int]] = {
    2009: Figure(
        600,
        "https://www.gesetze-im-internet.de/estg/__23.html, as in force to 2023; secondary: as advisers restate it",
    ),
    2024: Figure(
        1_000, "https://www.gesetze-im-internet.de/estg/__23.html; secondary: as advisers restate it"
    ),
}
"""Gains that are less than so many euros in a year are free."""

FREE_INCOME: Mapping[int, Figure[int]] = {
    2002: Figure(256, "https://www.gesetze-im-internet.de/estg/__22.html; secondary: as advisers restate it"),
}
"""Other income that is less than so many euros in a year is free."""


def term(acquired: date, disposed: date) -> Term:
    """Long, and free, from the day after the anniversary."""
    return "long" if disposed > a_year_on(acquired, leap_day=(2, 28)) else "short"


def taxable(amount: int, limit: int) -> int:
    """All of it, or none where it is less than ``limit``: there is no deduction."""
    return amount if amount >= limit else 0


def lines(year: Year) -> Sequence[Line]:
    """The lines of Anlage SO for tokens, and what is taxable. Units of a pool, which have no day, count as short."""
    form = f"Anlage SO {min(year.number, FORMS_KNOWN)}"
    law = f"EStG {year.number}"
    numbers = figure(LINES, year.number, "the line of Anlage SO")
    free_gains = figure(FREE_GAINS, year.number, "the Freigrenze of section 23") * UNIT
    free_income = figure(FREE_INCOME, year.number, "the Freigrenze of section 22") * UNIT
    short, long = total(year, "short", None), total(year, "long")
    income = earned(year, without=(WAGES,))
    return [
        Line(form, numbers.proceeds, "Veräußerungspreis", shown(short.proceeds, 2)),
        Line(form, numbers.cost, "Anschaffungskosten", shown(short.cost, 2)),
        Line(form, numbers.gain, "Gewinn / Verlust", shown(short.gain, 2)),
        Line(law, "", "Freigrenze of § 23 (3)", shown(free_gains, 2)),
        Line(law, "", "Taxable gains, of these alone", shown(taxable(short.gain, free_gains), 2)),
        Line(law, "", "Losses, for gains of this kind alone", shown(max(0, -short.gain), 2)),
        Line(law, "", "Gains less losses after more than a year, free", shown(long.gain, 2)),
        Line(
            form, numbers.income, "Einnahmen im Zusammenhang mit Kryptowerten, wages apart", shown(income, 2)
        ),
        Line(law, "", "Freigrenze of § 22 no. 3", shown(free_income, 2)),
        Line(law, "", "Taxable income, of this alone", shown(taxable(income, free_income), 2)),
        *lacking(year),
    ]


RULES = Rulebook(
    name="de",
    title="Germany: Anlage SO",
    currency="EUR",
    zone="Europe/Berlin",
    year=calendar_year,
    methods=("fifo", "average", "specific", "lifo"),
    scopes=((None, "account"),),
    leaves=LEAVES,
    arrives={**ARRIVES, HARDFORK: "unknown"},
    swap="received",
    term=term,
    lines=lines,
    sources=cited(
        {"lines of Anlage SO": LINES, "Freigrenze of § 23": FREE_GAINS, "Freigrenze of § 22": FREE_INCOME}
    ),
    assumptions={
        **ASSUMPTIONS,
        "Freigrenze": "No other private disposals and no other income of these kinds in the year.",
        "pools": "Units of an average have no day of acquisition, and count as held for a year or less.",
        "airdrops": "An airdrop was had for a service, and is income.",
        "forks": "What a fork gave has no known cost, until a rule says what part of the old cost it takes.",
        "lifo": "lifo is against the ministry's letter; a court allowed it (FG Nürnberg 3 K 760/22, not final).",
        "fees": "Fees are in cost and in proceeds: the line for Werbungskosten stays empty.",
        "cents": "Figures are in euros and cents; the form asks for whole euros, rounded in one's favour.",
        "form numbers": f"Lines are those of the forms of {FORMS_KNOWN} for every later year.",
    },
)
