"""The audit pack's pages: everything an outsider needs to judge the period, and to check it without us."""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime

from recon.core.books import Books
from recon.core.contracts import Report
from recon.core.document import Chart, Column, Document, Fact, Heat, Section, Span, Table, Tone
from recon.core.seals import Seal
from recon.core.times import EPOCH, from_iso
from reports import _ages, _evidence, _lots, _places, _rolled, _schedules, _tables

TITLE = "Audit pack"
_PLACE = ("Source", "Account", "Asset")
_LEADS = {
    "Account": ("Source", "Account"), "Asset": ("Asset",), "Opening": _PLACE, "Closing": _PLACE,
    "Closing by the ledger": _PLACE, "By the ledger": _PLACE, "Balance": _PLACE, "Movements": _PLACE,
}  # fmt: skip
"""Cells under these titles lead to the part that is of what stands under those, in any table that has them all."""
_ENTRIES = ("Entry", "Entry sent", "Entry received", "Lot", "Place")
_POINTERS = ("Pointer", "Place")
_TONES: dict[str, Tone] = {"whole": "good", "empty": "good", "incomplete": "bad"}
_BREAK_FIRST = ("Break", "Severity", "Source", "Account", "Asset", "Difference", "Cause", "What happened")
_ENTRY_FIRST = (
    "Entry", "At (UTC)", "Source", "Account", "Kind", "Asset", "Answer", "Quantity", "Balance by the venue", "Pointer",
)  # fmt: skip
_WORSE: dict[Tone, int] = {"good": 0, "plain": 1, "fair": 2, "bad": 3}
_MOST_CURVES = 4
_BY_POLICY = (
    "What follows from the method and the order of prices in force: other choices give other figures."
)
_NO_CONFIRMATION = (
    "What venues say they hold was asked for by the entity itself, with its own keys. Such a snapshot is the entity's "
    "own evidence and no external confirmation (ISA 505): auditors ask for those, and receive them, themselves."
)


def build(books: Books) -> Document:
    """The first section is the front page; each other, and each part, has a page of its own."""
    tables = {
        "Balances": _tables.balances(books),
        "Transfers and in-transit": _tables.transfers(books),
        "Adjustments": _tables.adjustments(books),
        "Prior-period items": _tables.prior_items(books),
        "Entries": replace(_first(_ENTRY_FIRST, _tables.transactions(books)), by="Entry"),
    }
    sections = [
        _overview(books),
        _periods(books),
        Section(
            key="breaks",
            title="Breaks",
            tables=[_first(_BREAK_FIRST, _tables.breaks(books)), _ages.ages(books)],
            charts=[_ages.CHART],
            parts=_evidence.break_parts(books),
        ),
        Section(
            key="accounts",
            title="Accounts",
            lead="Opening to closing of every account. An account leads to its balances over time, a closing balance "
            "to the movements that make it.",
            tables=[_rolled.roll_forward(books)],
            parts=_places.accounts(books),
        ),
        Section(
            key="assets",
            title="Assets",
            tables=[_rolled.entity_roll_forward(books)],
            parts=_places.assets(books),
        ),
        *_valued(books),
        _places.places(books),
        *(Section(key=table.key, title=title, tables=[table]) for title, table in tables.items()),
        Section(
            key="coverage",
            title="Coverage",
            tables=[_tables.coverage(books), _tables.second_readings(books)],
            charts=[_asked(books)],
        ),
        Section(
            key="checks",
            title="How each check asked",
            lead="A check returns the rows that are not as they should be, and counts what it examined.",
            parts=_evidence.check_parts(books),
        ),
        Section(
            key="basis",
            title="Sources and assumptions",
            tables=[_tables.sources(books), _tables.assumptions(books)],
        ),
        Section(key="answers", title="Evidence", tables=[_evidence.answers(books)]),
    ]
    return Document(
        title=TITLE,
        subtitle=_tables.subtitle(books),
        status=_tables.status(books),
        as_of=books.as_of,
        properties=_tables.identity(books),
        sections=[_linked_section(section) for section in sections],
        exhibits=_evidence.exhibits(books),
    )


def _valued(books: Books) -> list[Section]:
    """Gains with the lots they come from, what is held, and every price that was used."""
    return [
        Section(
            key="values",
            title="Cost and fair value",
            lead=_BY_POLICY,
            tables=[
                _lots.fair_value_roll_forward(books),
                _lots.cost_roll_forward(books),
                _lots.positions(books),
            ],
            charts=[_lots.gains_by_asset(books)],
            judged=True,
        ),
        Section(
            key="gains",
            title="Lots and gains",
            lead=_BY_POLICY,
            tables=[_lots.gains_by_month(books), _lots.gains(books)],
            charts=[_lots.gains_over_time(books)],
            judged=True,
        ),
        Section(
            key="open_lots",
            title="Open lots",
            lead=_BY_POLICY,
            tables=[_lots.open_lots(books)],
            judged=True,
        ),
        Section(
            key="prices", title="Prices", tables=[_schedules.prices(books), _schedules.stated_prices(books)]
        ),
    ]


def _overview(books: Books) -> Section:
    marked = [
        replace(chart, title=", ".join(place))
        for place, chart in _places.by_place(books).items()
        if any(line.marks for line in chart.lines)
    ]
    charts: list[Chart | Heat] = [*marked[:_MOST_CURVES]]
    return Section(
        key="summary",
        title="What this pack is",
        lead="Everything that the books of this period rest on, in pages that need no server, no network and none of "
        "our programs. Every figure leads to its movements, each movement to the row of the sealed answer it was read "
        "from.",
        facts=[*_tables.period_facts(books), Fact(label="No confirmations", value=_NO_CONFIRMATION)],
        tables=[_tables.checks(books), _how_to_check()],
        charts=charts,
    )


def _how_to_check() -> Table:
    """How to check the pack with what any computer has."""
    return Table(
        key="how_to_check",
        title="How to check it without us",
        note="In the folder that holds this page. Each command needs no network and nothing of ours.",
        columns=[Column(title="What it proves"), Column(title="Command", kind="code")],
        rows=[
            ("No file was changed since the pack was written", "sha256sum -c manifest.sha256"),
            ("Hashes, chain, running hash, trial balance, roll-forwards and totals", "python3 verify.py"),
            ("The same where there is no Python: hashes, chain and sums", "sh verify.sh"),
            ("One sealed answer is what its name says", "gzip -dc evidence/ab/abcd….gz | sha256sum"),
        ],
    )


def _periods(books: Books) -> Section:
    """This period, and those that are sealed."""
    return Section(
        key="periods",
        title="Periods",
        facts=_tables.period_facts(books),
        tables=[
            Table(
                key="seals",
                title="Sealed periods",
                note="A sealed period is closed under the hash of a document that states its balances, its breaks and "
                "what it covers. The documents are the files of the folder seals.",
                columns=[
                    Column(title="Period"),
                    Column(title="From (UTC)", kind="moment"),
                    Column(title="Before (UTC)", kind="moment"),
                    Column(title="Closed by"),
                    Column(title="Closed (UTC)", kind="moment"),
                    Column(title="Signed by"),
                    Column(title="Seal", kind="code"),
                    Column(title="Seal before", kind="code"),
                    Column(title="Ledger head", kind="code"),
                    Column(title="Breaks accepted", kind="count"),
                ],
                rows=[_sealed(one) for one in books.seals],
                empty="No period is sealed yet.",
            )
        ],
    )


def _sealed(one: Seal) -> tuple[str | int | datetime | None, ...]:
    stated = one.document
    return (
        one.period.name, one.period.start, one.period.end, one.by.person, from_iso(stated["at"]),
        ", ".join(who.person for who in one.signed), one.hash, stated["previous"], stated["head"],
        len(stated.get("accepted", ())),
    )  # fmt: skip


def _asked(books: Books) -> Heat:
    """Coverage over time, one row a kind of stream: what is worst of its cells shows."""
    start = books.period.start or min(
        (one.first for one in books.coverage if one.first is not None), default=EPOCH
    )
    end = books.period.end or books.as_of or start
    streams: dict[str, list[Span]] = {}
    for one in books.coverage:
        since, until = max(one.since or start, start), min(one.until, end)
        if until > since:
            word = one.status.replace("_", " ")
            told = Span(since, until, word, _TONES.get(one.status, "plain"))
            streams.setdefault(f"{one.source} {one.stream.partition('/')[0]}", []).append(told)
    # What is worst is drawn last, on top of the others.
    rows = [
        (name, sorted(dict.fromkeys(spans), key=lambda span: _WORSE[span.tone]))
        for name, spans in streams.items()
    ]
    return Heat(title="What was asked over the period", rows=rows)


def _first(early: Sequence[str], table: Table) -> Table:
    """The same columns with some before the others, since a page is read from the left."""
    places = {column.title: place for place, column in enumerate(table.columns)}
    order = [places.pop(title) for title in early if title in places] + list(places.values())
    return replace(
        table,
        columns=[table.columns[place] for place in order],
        rows=[[row[place] for place in order] for row in table.rows],
    )


def _linked_section(section: Section) -> Section:
    return replace(
        section,
        tables=[_linked(table) for table in section.tables],
        parts=[replace(part, tables=[_linked(table) for table in part.tables]) for part in section.parts],
    )


def _linked(table: Table) -> Table:
    """The table with links from its cells to accounts, assets, movements, entries and sealed answers."""
    titles = {column.title for column in table.columns}
    entries = "" if table.by == "Entry" else "transactions"
    columns = [_linked_column(column, titles, entries) for column in table.columns]
    return replace(table, columns=columns)


def _linked_column(column: Column, titles: Container[str], entries: str) -> Column:
    if column.title in _ENTRIES:
        return replace(column, to=entries)
    pointer = next((title for title in _POINTERS if title in titles), "")
    if column.title == "Answer" and pointer:
        return replace(column, pointer=pointer)
    leads = _LEADS.get(column.title, ())
    known = leads and all(title in titles for title in leads)
    return replace(column, leads=leads, to="") if known else column


REPORT = Report(name="audit", title=TITLE, formats=("pack",), build=build)
