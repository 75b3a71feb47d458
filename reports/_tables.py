"""The facts and tables that several reports show, built once from the books so that no two reports disagree."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from recon.core.books import Books, Coverage, SourceRead
from recon.core.document import Cell, Column, Fact, Table
from recon.core.money import ZERO
from recon.core.times import short_text
from reports._coverage import coverage as coverage  # noqa: PLC0414 - whoever shows tables asks here
from reports._coverage import second_readings as second_readings  # noqa: PLC0414
from reports._rows import Rows

OPEN = ("open", "assigned")
_NOUNS = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes")}


def local_text(at: datetime, zone: str) -> str:
    """A moment on the entity's own clock, to the second, with its distance from UTC: ``2025-03-14 15:20:01+01:00``."""
    return at.astimezone(ZoneInfo(zone)).isoformat(sep=" ", timespec="seconds")


def status(books: Books) -> Fact:
    """What to know first: whether anything is open, or whether nothing was examined at all."""
    open_breaks: Counter[str] = Counter(one.found.severity for one in books.breaks if one.status in OPEN)
    told = [_counted(open_breaks[kind], *_NOUNS[kind]) for kind in _NOUNS if open_breaks[kind]]
    words = " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)
    if not any(one.tested for one in books.checks):
        return Fact(label="Nothing examined", value="No check found a row to examine.", tone="bad")
    if books.clean:
        value = "No error or warning is open."
        return Fact(label="Clean", value=f"{value} {words} for information." if words else value, tone="good")
    headline = f"{_counted(open_breaks.total(), 'break', 'breaks')} open"
    return Fact(label=headline, value=f"{words}.", tone="bad")


def period_facts(books: Books) -> list[Fact]:
    """Whose books these are, for which span of time, from which ledger and evidence."""
    period = books.period
    return [
        Fact(label="Entity", value=books.entity, name="entity"),
        Fact(label="Period", value=period.name, name="period"),
        Fact(label="From", value=_bound(period.start, books.zone, "the first row known"), name="since"),
        Fact(
            label="Cut-off, before",
            value=_bound(period.end, books.zone, "none: up to the latest reading"),
            name="cut_off",
        ),
        Fact(
            label="Latest reading", value=_bound(books.as_of, books.zone, "none yet"), name="latest_reading"
        ),
        Fact(label="Base currency", value=books.base_currency, name="base_currency"),
        *identity(books),
    ]


def identity(books: Books) -> list[Fact]:
    """What tells this state of the ledger from any other."""
    return [
        Fact(label="Tool", value=f"recon {books.version}", name="tool"),
        Fact(label="Ledger head", value=books.head, name="ledger_head"),
        Fact(label="Evidence head", value=books.evidence_head, name="evidence_head"),
    ]


def subtitle(books: Books) -> str:
    """Entity and period, as they stand under a title and on every footer."""
    return f"{books.entity}, {books.period.name} ({books.zone})"


def checks(books: Books) -> Table:
    """One row a check: what it examined, and what it found."""
    return Table(
        key="checks",
        title="Checks",
        note="A check that examined nothing proves nothing.",
        columns=[
            Column(title="Check", kind="refs"),
            Column(title="Question"),
            Column(title="Rows examined", kind="count", total=True),
            Column(title="Breaks", kind="count", total=True),
            Column(title="Result", kind="flag", good=("passed",), fair=("nothing examined",)),
        ],
        rows=[
            (one.check, one.title, one.tested, len(one.breaks), _result(one.tested, len(one.breaks)))
            for one in books.checks
        ],
    )


def assumptions(books: Books) -> Table:
    """The settings that stand for what the venues leave open. A key is ``source: question``."""
    split = [(*key.partition(": ")[::2], answer) for key, answer in books.assumptions.items()]
    return Table(
        key="assumptions",
        title="Assumptions in force",
        note="Settings that stand for what a venue's documentation leaves open.",
        columns=[Column(title="Source"), Column(title="Question"), Column(title="Assumed")],
        rows=split,
        empty="No source needs one.",
    )


def sources(books: Books) -> Table:
    """What was asked and where, how many streams and rows of it there are, and from when to when."""
    return Table(
        key="sources",
        title="Sources",
        columns=[
            Column(title="Source"),
            Column(title="What it is"),
            Column(title="Read at", kind="code"),
            Column(title="Account there", kind="code"),
            Column(title="Read since (UTC)", kind="moment"),
            Column(title="Streams", kind="count", total=True),
            Column(title="Rows", kind="count", total=True),
            Column(title="First row (UTC)", kind="moment"),
            Column(title="Last row (UTC)", kind="moment"),
            Column(title="Asked until (UTC)", kind="moment"),
        ],
        rows=[
            _source(source, [one for one in books.coverage if one.source == source.name])
            for source in books.sources
        ],
        empty="No source is configured.",
    )


def _source(source: SourceRead, cells: Sequence[Coverage]) -> tuple[Cell, ...]:
    return (
        *source, len({one.stream for one in cells}), sum(one.rows for one in cells),
        min((one.first for one in cells if one.first), default=None),
        max((one.last for one in cells if one.last), default=None), max((one.until for one in cells), default=None),
    )  # fmt: skip


def prior_items(books: Books) -> Table:
    """What is posted in this period and belongs to a sealed one."""
    return Table(
        key="prior_items",
        title="Prior-period items",
        note="Rows that came, or were changed or taken back, after the period they belong to was sealed. They are "
        "posted behind it; recon bridge PERIOD lays them beside what was sealed.",
        columns=[
            Column(title="Belongs to"),
            Column(title=local_title("Happened", books)),
            Column(title="Happened (UTC)", kind="moment"),
            Column(title="Posted (UTC)", kind="moment"),
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Kind"),
            Column(title="Asset"),
            Column(title="Quantity", kind="amount"),
            Column(title="Entry", kind="code"),
            Column(title="Answer", kind="code"),
            Column(title="Pointer", kind="code"),
        ],
        rows=[(one.period, local_text(one.stated_at, books.zone), *one[1:]) for one in books.prior_items],
        empty="Nothing came late for a sealed period.",
    )


def balances(books: Books) -> Table:
    """The ledger against what each venue said it held."""
    return Table(
        key="balances",
        title="Balances against the venues",
        note="Difference = venue - ledger, both at the moment of the venue's own statement. Locked units are part of "
        "what the venue holds. A statement that the entity pulled itself is no confirmation by the venue.",
        columns=[
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Asset"),
            Column(title="By the ledger", kind="amount"),
            Column(title="Of which adjustments", kind="amount"),
            Column(title="By the venue", kind="amount"),
            Column(title="Of which locked", kind="amount"),
            Column(
                title="Difference",
                kind="amount",
                formula="[By the venue] - [By the ledger]",
                zero_is_good=True,
            ),
            Column(title="Explained by", kind="refs", to="breaks"),
            Column(title="Unexplained", kind="amount", zero_is_good=True),
            Column(title=local_title("Stated", books)),
            Column(title="Stated (UTC)", kind="moment"),
        ],
        rows=[
            (
                one.source, one.account, one.asset, one.ledger, one.adjusted, one.venue, one.locked, one.difference,
                " ".join(one.breaks), ZERO if one.breaks else one.difference, local_text(one.at, books.zone), one.at,
            )
            for one in books.balances
        ],
        empty="No venue has said yet what it holds.",
    )  # fmt: skip


def breaks(books: Books) -> Table:
    """Every break with its facts, its cause and its age."""
    rows = []
    for one in books.breaks:
        found = one.found
        rows.append(
            (
                found.id, found.check, found.severity, one.status, found.source, found.account, found.asset,
                None if found.at is None else local_text(found.at, books.zone), found.at,
                found.expected, found.actual, found.difference,
                found.diagnosis.kind, found.diagnosis.text, one.opened, one.age_days, one.value, one.owner, one.reason,
                "yes" if books.period.start is not None and one.opened < books.period.start else "no",
                int(one.status in OPEN and found.severity != "info"),
            )
        )  # fmt: skip
    return Table(
        key="breaks",
        title="Breaks",
        by="Break",
        note="Expected follows from the ledger, actual is what the venue says, difference = actual - expected. A cause "
        "is named only where arithmetic proves it.",
        columns=[
            Column(title="Break", kind="refs"),
            Column(title="Check", kind="refs"),
            Column(title="Severity", kind="flag", good=("info",), fair=("warning",)),
            Column(title="Status"),
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Asset"),
            Column(title=local_title("At", books)),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Expected", kind="amount"),
            Column(title="Actual", kind="amount"),
            Column(title="Difference", kind="amount"),
            Column(title="Cause", kind="code"),
            Column(title="What happened"),
            Column(title="Opened (UTC)", kind="moment"),
            Column(title="Age in days", kind="count"),
            Column(title=f"Value in {books.base_currency}", kind="amount"),
            Column(title="Owner"),
            Column(title="Reason", kind="code"),
            Column(title="Carried forward"),
            Column(title="Open", kind="count", total=True),
        ],
        rows=rows,
        empty="There is no break.",
    )


def transactions(books: Books) -> Table:
    """Every movement of the period, with where it comes from."""
    return Table(
        key="transactions",
        title="Transactions",
        note="Answer is the SHA-256 of the sealed answer that holds the row, pointer the row's place in it.",
        columns=[
            Column(title=local_title("At", books)),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Source"),
            Column(title="Account"),
            Column(title="Kind"),
            Column(title="Asset"),
            Column(title="Quantity", kind="amount"),
            Column(title="Balance by the venue", kind="amount"),
            Column(title="Against"),
            Column(title="Entry", kind="code"),
            Column(title="Answer", kind="code"),
            Column(title="Pointer", kind="code"),
        ],
        rows=Rows(
            books.transactions,
            lambda one: (
                local_text(one.at, books.zone), one.at, one.source, one.account, one.kind, one.asset,
                one.quantity, one.balance_after, one.contra, one.entry, one.answer, one.pointer,
            ),
        ),
        empty="Nothing moved in the period.",
    )  # fmt: skip


def transfers(books: Books) -> Table:
    """Each movement between own places as its two rows, and each that two sources hold."""
    return Table(
        key="transfers",
        title="Transfers and in-transit",
        note="Two rows that tell of one movement, and what shows it: the same hash, an own address, or an amount that "
        "only these two share. A movement held twice counts where it stands first; both rows are its evidence.",
        columns=[
            Column(title="What"),
            Column(title="Shown by", kind="code"),
            Column(title="Sent (UTC)", kind="moment"),
            Column(title="From"),
            Column(title="Asset"),
            Column(title="Sent", kind="amount"),
            Column(title="Entry sent", kind="code"),
            Column(title="Received (UTC)", kind="moment"),
            Column(title="By"),
            Column(title="Asset received"),
            Column(title="Received", kind="amount"),
            Column(title="Entry received", kind="code"),
            Column(title="Fee", kind="amount", formula="[Sent] - [Received]"),
            Column(title="In transit at cut-off", kind="amount"),
        ],
        rows=[("held twice" if one.kind == "same" else one.kind, *one[1:]) for one in books.transfers],
        empty="No movement between own places is known.",
    )


def adjustments(books: Books) -> Table:
    """Each posting that people made, with who answers for it."""
    return Table(
        key="adjustments",
        title="Adjustments",
        note="Entries that people made: prepared by one, approved by another, each dated before the end of the period. "
        "None follows from a difference. Account and system time of both stand in the sealed document.",
        columns=[
            Column(title="Adjustment", kind="code"),
            Column(title=local_title("At", books)),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Source"),
            Column(title="Account", kind="code"),
            Column(title="Asset"),
            Column(title="Quantity", kind="amount"),
            Column(title="Reason", kind="code"),
            Column(title="What happened"),
            Column(title="Break", kind="refs", to="breaks"),
            Column(title="Takes back"),
            Column(title="Taken back by"),
            Column(title="Prepared by"),
            Column(title="Prepared (UTC)", kind="moment"),
            Column(title="Approved by"),
            Column(title="Approved (UTC)", kind="moment"),
            Column(title="Entry", kind="code"),
            Column(title="Attached (SHA-256)", kind="code"),
        ],
        rows=[
            (
                one.id, local_text(one.at, books.zone), one.at, one.source, one.account, one.asset, one.quantity,
                one.reason, one.text, one.answers, one.reverses, one.reversed_by, one.prepared_by, one.prepared_at,
                one.approved_by, one.approved_at, one.entry, " ".join(one.attachments),
            )
            for one in books.adjustments
        ],
        empty="Nobody has adjusted anything.",
    )  # fmt: skip


def _result(tested: int, found: int) -> str:
    if found:
        return _counted(found, "break", "breaks")
    return "passed" if tested else "nothing examined"


def _counted(number: int, one: str, more: str) -> str:
    return f"{number:,} {one if number == 1 else more}"


def local_title(word: str, books: Books) -> str:
    """Beside a column in UTC, which an entity's own zone may be called."""
    return f"{word} ({'local' if books.zone == 'UTC' else books.zone})"


def _bound(at: datetime | None, zone: str, otherwise: str) -> str:
    return otherwise if at is None else f"{local_text(at, zone)} ({zone}), {short_text(at)}"
