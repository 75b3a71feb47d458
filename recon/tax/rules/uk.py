"""The United Kingdom: individuals' capital gains, pages SA108 of the return.

CRYPTO is HMRC's Cryptoassets Manual (https://www.gov.uk/hmrc-internal-manuals/cryptoassets-manual). Of its chapters on
income (21000) and capital gains (22000) only the pages on pooling were read.

- Sale, swap and payment are disposals, and so is giving tokens away, at what they are worth (CRYPTO22000 ff.; TCGA 1992
  s.17). Between spouses and to charities it is not; a user's rule says so.
- A fee paid in tokens disposes of them, and is allowable with what it was paid for (CRYPTO22000 ff.; TCGA 1992 s.38).
- A swap is worth what was received (CRYPTO22257 shows both pools).
- Mining, staking, wages and airdrops for a service are income at their worth (CRYPTO21000 ff.), which is then their
  cost. After a fork the cost of the old tokens is divided in a just and reasonable way (CRYPTO22300; TCGA 1992 s.43):
  only the user can say how.
- A gift received cost what it was worth (TCGA 1992 s.17).
- What was stolen or lost is not disposed of (CRYPTO22000 ff.).
- Same day, then the next 30 days, then the pool (CRYPTO22200; TCGA 1992 s.104 to 106A). All that is disposed of in a
  day is one disposal (s.105(1)(a)).
- The return is in whole pounds, and so are the figures of the manual: proceeds, gains and income rounded down, costs
  and losses up, each sum once (form SA100, page 1; secondary).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from recon.core import activity
from recon.core.lots import UNIT
from recon.core.tax import Line, Rulebook, Year
from recon.tax.rules._activities import ARRIVES, ASSUMPTIONS, HARDFORK, LEAVES, WAGES
from recon.tax.rules._figures import Figure, cited, earned, figure, lacking, rounded, shown, total

FORMS_KNOWN = 2025
ALLOWANCES = "https://www.gov.uk/guidance/capital-gains-tax-rates-and-allowances"


class Boxes(NamedTuple):
    """The boxes of SA108 that tokens go to."""

    disposals: str
    proceeds: str
    costs: str
    gains: str
    losses: str


BOXES: Mapping[int, Figure[Boxes]] = {
    2008: Figure(Boxes("", "", "", "", ""), "not looked up"),
    2020: Figure(
        Boxes("14", "15", "16", "17", "19"),
        "other property, assets and gains, https://www.gov.uk/government/publications/"
        "self-assessment-capital-gains-summary-sa108; secondary: read in guides and in tax software",
    ),
    2024: Figure(
        Boxes("13.1", "13.2", "13.3", "13.4", "13.5"),
        "cryptoassets, https://www.gov.uk/government/publications/self-assessment-capital-gains-summary-sa108; "
        "secondary: read in guides and in tax software",
    ),
}

EXEMPT: Mapping[int, Figure[int]] = {
    2015: Figure(11_100, f"secondary: not read at {ALLOWANCES}"),
    2017: Figure(11_300, f"secondary: not read at {ALLOWANCES}"),
    2018: Figure(11_700, f"secondary: not read at {ALLOWANCES}"),
    2019: Figure(12_000, f"secondary: not read at {ALLOWANCES}"),
    2020: Figure(12_300, "SA108 Notes 2020-21, page CGN 1"),
    2023: Figure(6_000, f"secondary: {ALLOWANCES} as guides restate it"),
    2024: Figure(3_000, f"secondary: {ALLOWANCES} as guides restate it"),
}
"""The annual exempt amount, in pounds."""

RATES: Mapping[int, Figure[str]] = {
    2016: Figure("10% / 20%", f"secondary: {ALLOWANCES} as guides restate it"),
    2024: Figure(
        "10% / 20% to 2024-10-29, 18% / 24% from 2024-10-30",
        f"secondary: {ALLOWANCES} as guides restate it (Autumn Budget 2024)",
    ),
    2025: Figure("18% / 24%", f"secondary: {ALLOWANCES} as guides restate it"),
}
"""Rates within and above the basic rate band."""


def tax_year(number: int) -> tuple[date, date]:
    """6 April to 6 April."""
    return date(number, 4, 6), date(number + 1, 4, 6)


def lines(year: Year) -> Sequence[Line]:
    """SA108's boxes for tokens, what is left above the annual exempt amount, and the income for SA100."""
    known = min(year.number, FORMS_KNOWN)
    span = f"{known}-{(known + 1) % 100:02}"
    sa108, capital_gains = f"SA108 {span}", f"Capital Gains Tax {year.number}-{(year.number + 1) % 100:02}"
    boxes = figure(BOXES, year.number, "the boxes of SA108")
    sums = total(year)
    exempt = figure(EXEMPT, year.number, "the annual exempt amount") * UNIT
    net = rounded(sums.gains, UNIT, "down") - rounded(sums.losses, UNIT, "up")
    return [
        Line(sa108, boxes.disposals, "Number of disposals", str(sums.disposals)),
        Line(sa108, boxes.proceeds, "Disposal proceeds", shown(sums.proceeds, 0, "down")),
        Line(sa108, boxes.costs, "Allowable costs (including purchase price)", shown(sums.cost, 0, "up")),
        Line(sa108, boxes.gains, "Gains in the year, before losses", shown(sums.gains, 0, "down")),
        Line(sa108, boxes.losses, "Losses in the year", shown(sums.losses, 0, "up")),
        Line(capital_gains, "", "Gains less losses", shown(net, 0)),
        Line(capital_gains, "", "Annual exempt amount", shown(exempt, 0)),
        Line(capital_gains, "", "Above it, of these alone", shown(max(0, net - exempt), 0)),
        Line(capital_gains, "", "Rates in and above the basic band", figure(RATES, year.number, "the rate")),
        Line(
            f"SA100 {span}",
            "17",
            "Other taxable income, wages apart",
            shown(earned(year, without=(WAGES,)), 0, "down"),
        ),
        *lacking(year),
    ]


RULES = Rulebook(
    name="uk",
    title="United Kingdom: SA108",
    currency="GBP",
    zone="Europe/London",
    year=tax_year,
    methods=("uk",),
    scopes=((None, "universal"),),
    leaves={**LEAVES, activity.GIFT_OUT: "gain"},
    arrives={**ARRIVES, HARDFORK: "unknown", activity.GIFT_IN: "market"},
    swap="received",
    daily=True,
    lines=lines,
    sources=cited({"boxes of SA108": BOXES, "annual exempt amount": EXEMPT, "rates": RATES}),
    assumptions={
        **ASSUMPTIONS,
        "gifts": "A gift is to someone who is neither spouse nor charity.",
        "airdrops": "An airdrop was had for a service, and is income.",
        "forks": "What a fork gave has no known cost, until a rule says what part of the old cost it takes.",
        "rates": "No tax is worked out: the rate depends on all income. For 2024-25 gains are not split at 30 October.",
        "form numbers": f"Boxes are those of the forms of {FORMS_KNOWN} for every later year.",
    },
)
