"""Poland: PIT-38, part E, individuals.

The act is that on personal income tax of 1991-07-26 (https://isap.sejm.gov.pl, DU 2025 item 163), in force for tokens
since 2019.

- Revenue is what tokens bring in money, goods, services or property rights, or in debts settled (art. 17 (1f)). A swap
  of one token for another is neutral.
- Cost is what was spent on buying tokens, and on fees for buying and selling, in the year it was spent, matched with
  no unit; what a swap cost is none (art. 22 (14) and (15)). What exceeds revenue goes to the next year, without limit
  (art. 22 (16)).
- Tax is 19 % of the income (art. 30b (1a) and (1b)).
- Foreign amounts are taken at the National Bank's mean rate of the last business day before (art. 11a (1) and (2)).
- The base and the tax are in whole zlotys, from 50 groszy up (Tax Ordinance art. 63 (1)); all else is to the grosz.
- Staking, mining, airdrops and forks cost nothing, and are no revenue when they come (WSA Wroclaw, I SA/Wr 413/23; some
  rulings of the tax office call them revenue from property rights, which is not on PIT-38).
- A gift is neither revenue nor cost.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from recon.core import activity
from recon.core.lots import UNIT
from recon.core.tax import Line, Rulebook, Year, half_up
from recon.tax.rules._activities import ARRIVES, ASSUMPTIONS, INCOMES, LEAVES
from recon.tax.rules._days import calendar_year
from recon.tax.rules._figures import Figure, cited, figure, lacking, shown

GROSZ = UNIT // 100


class Form(NamedTuple):
    """A version of PIT-38. Parts E and F have ten boxes in a row, of which ``first`` is the revenue."""

    version: str
    first: int


_READ = "secondary: read in tax software, where it is from the form's schema at http://crd.gov.pl or the form itself"
_FORM = "https://www.podatki.gov.pl/pit/formularze-do-druku-pit"

FORMS: Mapping[int, Figure[Form]] = {
    2019: Figure(Form("PIT-38 of 2019", 34), "http://crd.gov.pl/wzor/2019/12/23/8985/; " + _READ),
    2020: Figure(Form("PIT-38 of 2020", 34), f"{_FORM}; not looked up: between two that are alike"),
    2021: Figure(Form("PIT-38(15)", 34), f"{_FORM}; {_READ}"),
    2022: Figure(Form("PIT-38(16)", 34), f"{_FORM}; {_READ}"),
    2024: Figure(Form("PIT-38(17)", 34), "http://crd.gov.pl/wzor/2024/10/15/13539/; " + _READ),
    2025: Figure(
        Form("PIT-38(18)", 36),
        "https://www.podatki.gov.pl/media/g5ebnm2e/broszura-do-pit-38-za-2025-r.pdf; secondary: read in tax software "
        "that cites it",
    ),
}
"""Sources conflict: guides for 2025 still print 34 to 38 for part E, and one program has 36 to 40 from 2022 on. The
form for 2025 has a new row in part C, which moved all below it by two."""

RATE: Mapping[int, Figure[int]] = {
    2019: Figure(
        19, "art. 30b (1a), https://isap.sejm.gov.pl (DU 2025 item 163); secondary: as tax software quotes it"
    ),
}
"""Tax in percent of the base."""


class Account(NamedTuple):
    """A year's part E: all to the grosz. ``carried`` came from earlier years, ``left`` goes on to the next."""

    revenue: int
    costs: int
    carried: int
    income: int
    left: int


def account(year: Year) -> Account:
    """Part E of the year."""
    return accounts(year)[year.number]


def accounts(year: Year) -> Mapping[int, Account]:
    """Part E of each year from the first that spent or received anything up to this one, each to the grosz."""
    led: dict[int, Account] = {}
    left = 0
    for number in sorted({*year.spent, *year.received, year.number}):
        if number > year.number:
            break
        revenue = half_up(year.received.get(number, 0), GROSZ)
        costs = half_up(year.spent.get(number, 0), GROSZ)
        carried = left
        result = revenue - costs - carried
        left = max(0, -result)
        led[number] = Account(revenue, costs, carried, max(0, result), left)
    return led


_PART_E = (
    "Przychód",
    "Koszty uzyskania przychodów poniesione w roku podatkowym",
    "Koszty z lat ubiegłych, niepotrącone",
    "Dochód",
    "Koszty do potrącenia w następnym roku",
)


def workings(year: Year) -> Sequence[Line]:
    """Part E of each year that this one's follows from."""
    return [
        Line(str(number), "", title, shown(amount, 2))
        for number, part_e in accounts(year).items()
        for title, amount in zip(_PART_E, part_e, strict=True)
    ]


def lines(year: Year) -> Sequence[Line]:
    """Parts E and F of PIT-38."""
    rate = figure(RATE, year.number, "the taxation of tokens")
    form = figure(FORMS, year.number, "the form PIT-38")
    part_e = account(year)
    base = half_up(part_e.income, UNIT)
    tax = base * rate // 100
    figures = (
        *zip(_PART_E, [shown(amount, 2) for amount in part_e], strict=True),
        ("Podstawa obliczenia podatku", shown(base, 0)),
        ("Stawka podatku", f"{rate}%"),
        ("Podatek", shown(tax, 2)),
        ("Podatek zapłacony za granicą", shown(0, 2)),
        ("Podatek należny", shown(tax, 0)),
    )
    boxes = enumerate(figures, form.first)
    return [*(Line(form.version, str(box), title, value) for box, (title, value) in boxes), *lacking(year)]


RULES = Rulebook(
    name="pl",
    title="Poland: PIT-38",
    currency="PLN",
    zone="Europe/Warsaw",
    year=calendar_year,
    methods=(),
    scopes=((None, "universal"),),
    leaves={
        **LEAVES,
        activity.SWAP_OUT: "no gain",
        activity.FEE: "no gain",
        activity.TRANSFER_FEE: "no gain",
    },
    arrives={**ARRIVES, **dict.fromkeys(INCOMES, "cost"), activity.GIFT_IN: "cost"},
    swap="neutral",
    rates="day before",
    lots=False,
    lines=lines,
    workings=workings,
    sources=cited({"boxes of PIT-38": FORMS, "rate": RATE}),
    assumptions={
        **ASSUMPTIONS,
        "losses": "What was lost or stolen is neither revenue nor cost.",
        "fees": "Fees of purchases and sales in money are cost; those of a swap are not.",
        "fees in kind": "A fee that is paid in a token is neither revenue nor cost.",
        "rewards": "Staking, mining, airdrops, forks and other income in tokens are no revenue when they come, and "
        "cost nothing. The tax office has held otherwise, for another form than PIT-38.",
        "openings": "What an opening cost was spent in the year of its date.",
        "before 2019": "What was spent before 2019 is carried into it, as far as it exceeded what was received.",
        "foreign tax": "No tax was paid abroad.",
        "form numbers": "Boxes are those of PIT-38(18), the form for 2025, for every later year.",
    },
)
