"""The United States: Form 8949 and Schedule D of individuals.

- Tokens are property: sale, swap and payment are disposals (Notice 2014-21, Q&A 1 and 6; Treas. Reg. 1.1001-7).
- A fee paid in a token is a disposal of it for services (Treas. Reg. 1.1001-7(b)(1)(ii)), on a transfer too.
- A swap is worth what was received (Treas. Reg. 1.1001-7(b)(1)(i)(A)).
- Mining, staking, hard forks, airdrops, wages and the like are income at their worth when one has dominion over them
  (Notice 2014-21, Q&A 8 and 11; Rev. Rul. 2019-24; Rev. Rul. 2023-14), and that is their basis.
- Who gives a gift realises nothing (IRC 1001); who receives one takes over the giver's basis and time (IRC 1015,
  1223(2)), which nobody but the user can tell.
- Units are those identified, else the earliest: before 2025 anywhere (IRS FAQ on virtual currency, Q39 to Q41), from
  2025 in the wallet or account they leave, whenever they came there (Treas. Reg. 1.1012-1(j); Rev. Proc. 2024-28).
  lifo, hifo and lofo are identifications by standing order. An average is not allowed.
- Long term is more than one year, counted from the day after acquisition, by calendar months (IRC 1222; Rev. Rul. 66-7;
  Pub. 544).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from recon.core.lots import UNIT
from recon.core.tax import Line, Listed, Row, Rulebook, Term, Year, half_up
from recon.tax.rules._activities import ARRIVES, ASSUMPTIONS, LEAVES, WAGES
from recon.tax.rules._days import a_year_on, calendar_year
from recon.tax.rules._figures import Figure, cited, earned, exact, figure, lacking, shown

CENT = UNIT // 100
FORMS_KNOWN = 2025

Reported = Literal["basis", "proceeds", "nothing"]
"""What a broker's Form 1099-B or 1099-DA told the IRS of a disposal."""

BOXES: Mapping[int, Figure[Mapping[Reported, tuple[str, str]]]] = {
    2013: Figure(
        {"basis": ("A", "D"), "proceeds": ("B", "E"), "nothing": ("C", "F")},
        "https://www.irs.gov/instructions/i8949 of the years to 2024; secondary: read in guides",
    ),
    2025: Figure(
        {"basis": ("G", "J"), "proceeds": ("H", "K"), "nothing": ("I", "L")},
        "https://www.irs.gov/instructions/i8949 of 2025; secondary: read in guides and in the codes of Form 1099-DA",
    ),
}
"""The boxes of Form 8949 for the short and the long term."""

SCHEDULE_D: Mapping[Reported, tuple[str, str]] = {
    "basis": ("1b", "8b"),
    "proceeds": ("2", "9"),
    "nothing": ("3", "10"),
}
"""The lines of Schedule D that the totals of each box go to, since 2013 (https://www.irs.gov/instructions/i1040sd)."""

INCOME_LINE: Mapping[int, Figure[str]] = {
    2013: Figure("", "not looked up: these years have no line of its own"),
    2023: Figure(
        "8v", "https://www.irs.gov/forms-pubs/about-schedule-1-form-1040; secondary: read in tax software"
    ),
}
"""The line of Schedule 1 for digital assets received as ordinary income not reported elsewhere."""


def term(acquired: date, disposed: date) -> Term:
    """Long when held more than one year. The year begins on the day after acquisition."""
    return "long" if disposed >= a_year_on(acquired + timedelta(days=1), leap_day=(3, 1)) else "short"


def line_8949(row: Row, reported: Reported = "nothing") -> Listed:
    """The line of a disposal on Form 8949, in dollars and cents: (h) = (d) - (e), and (f) and (g) stay empty.

    A pool's units were acquired VARIOUS.
    """
    long = row.term == "long"
    proceeds, cost = (
        None if amount is None else half_up(amount, CENT) for amount in (row.proceeds, row.cost)
    )
    known = proceeds is not None and cost is not None
    various = "" if row.cost is None else "VARIOUS"
    return Listed(
        box=figure(BOXES, row.disposed.year, "the box of Form 8949")[reported][long],
        description=f"{exact(row.quantity)} {row.asset}",
        acquired=f"{row.acquired:%m/%d/%Y}" if row.acquired else various,
        sold=f"{row.disposed:%m/%d/%Y}",
        proceeds="" if proceeds is None else shown(proceeds, 2),
        cost="" if cost is None else shown(cost, 2),
        code="",
        adjustment="",
        gain=shown((proceeds or 0) - (cost or 0), 2) if known else "",
    )


def lines(year: Year) -> Sequence[Line]:
    """Schedule D, as far as these disposals fill it, and the income of Schedule 1. No form reported any of them."""
    known = min(year.number, FORMS_KNOWN)
    schedule_d = f"Schedule D (Form 1040) {known}"
    boxes = figure(BOXES, year.number, "the box of Form 8949")["nothing"]
    filled: list[Line] = []
    gains: list[int] = []
    parts = (("Short-term", ("short", None), "7"), ("Long-term", ("long",), "15"))
    for (title, terms, sum_line), box, line in zip(parts, boxes, SCHEDULE_D["nothing"], strict=True):
        listed = [amounts for kind, amounts in year.listed.items() if kind in terms]
        proceeds, cost = sum(pair[0] for pair in listed), sum(pair[1] for pair in listed)
        gains.append(proceeds - cost)
        filled += [
            Line(schedule_d, f"{line}(d)", f"{title} proceeds, Form 8949 box {box}", shown(proceeds, 2)),
            Line(schedule_d, f"{line}(e)", f"{title} cost, Form 8949 box {box}", shown(cost, 2)),
            Line(schedule_d, f"{line}(h)", f"{title} gain or loss, Form 8949 box {box}", shown(gains[-1], 2)),
            Line(
                schedule_d, sum_line, f"Net {title.lower()} gain or loss, of these alone", shown(gains[-1], 2)
            ),
        ]
    income = figure(INCOME_LINE, year.number, "the line of Schedule 1")
    return [
        *filled,
        Line(schedule_d, "16", "Net gain or loss, of these alone", shown(sum(gains), 2)),
        Line(
            f"Schedule 1 (Form 1040) {known}",
            income,
            "Digital assets received as ordinary income, wages apart",
            shown(earned(year, without=(WAGES,)), 2),
        ),
        *lacking(year),
    ]


RULES = Rulebook(
    name="us",
    title="United States: Form 8949 and Schedule D",
    currency="USD",
    year=calendar_year,
    methods=("fifo", "specific", "hifo", "lifo", "lofo"),
    scopes=((None, "universal"), (date(2025, 1, 1), "account")),
    leaves=LEAVES,
    arrives=ARRIVES,
    swap="received",
    grain=CENT,
    term=term,
    lines=lines,
    listing=line_8949,
    sources=cited({"boxes of Form 8949": BOXES, "line of Schedule 1": INCOME_LINE}),
    assumptions={
        **ASSUMPTIONS,
        "wash sales": "Off: IRC 1091 speaks of stock and securities, which tokens are not held to be.",
        "forms": "No Form 1099-DA or 1099-B is known to report these disposals: boxes C and F, from 2025 I and L.",
        "identification": "A method other than fifo needs a record or standing order made before each disposal.",
        "dates": "Days of acquisition and disposal are those of the entity's time zone.",
        "form numbers": f"Boxes and lines are those of the forms of {FORMS_KNOWN} for every later year.",
    },
)
