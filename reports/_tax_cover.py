"""What a tax report says first: whose year it is, by which law, what the forms say, and what is missing."""

from collections.abc import Sequence

from recon.core.breaks import Break
from recon.core.document import Cell, Column, Fact, Table
from recon.core.tax_books import TaxBooks
from reports._rows import Rows
from reports._tax_cells import Picks, amounts, counted, last_day, number, stated


def facts(books: TaxBooks, of: Picks) -> list[Fact]:
    """Whose year it is, by which law and method, and whether it is closed."""
    scopes = ", then ".join(name if since is None else f"{name} from {since}" for since, name in books.scopes)
    closed = "no: figures follow from all that the ledger holds now"
    if books.closed is not None:
        period, seal = books.closed
        closed = f"yes: as the ledger stood when {period} was sealed, under {seal}"
    told = [
        Fact(label="Entity", value=books.entity, name="entity"),
        Fact(label="Tax year", value=str(books.year.number), name="tax_year"),
        Fact(label="First day", value=f"{books.first} ({books.zone})", name="first_day"),
        Fact(label="Last day", value=f"{last_day(books)} ({books.zone})", name="last_day"),
        Fact(label="Rulebook", value=books.rules.title, name="rulebook"),
        Fact(label="Method", value=books.method or "none: this law knows no lots", name="method"),
        Fact(label="Scope", value=scopes, name="scope"),
        Fact(label="Currency", value=books.currency, name="currency"),
        Fact(label="Closed", value=closed, tone="plain" if books.closed is None else "good", name="closed"),
    ]
    if books.changed:
        told.append(Fact(label="Other settings than sealed", value=", ".join(books.changed), tone="bad"))
    return [
        *told,
        Fact(label="Disposals", value=len(books.disposals), name="disposals"),
        Fact(label="Rows", value=len(books.rows), name="rows"),
        Fact(label="Rows in no figure", value=len(of.lacking), tone="bad" if of.lacking else "good"),
        *(Fact(label=label, value=value) for label, value in books.identity),
    ]


def status(books: TaxBooks, of: Picks) -> Fact:
    """Whether the figures are whole."""
    if of.lacking or books.breaks:
        told = [counted(len(of.lacking), "row") + " in no figure"] if of.lacking else []
        told.append(counted(len(books.breaks), "break") + " open")
        return Fact(label="Not whole", value=f"{', '.join(told)}: see what is missing.", tone="bad")
    value = (
        "Every disposal has its proceeds and its cost."
        if books.rules.lots
        else "Every disposal has its proceeds."
    )
    return Fact(label="Whole", value=value, tone="good")


def forms(books: TaxBooks) -> Table:
    """The official forms, line by line."""
    return Table(
        key="forms",
        title="Forms",
        note=f"In the order of the forms, with the boxes of the year, in {books.currency}; rounded as each form asks.",
        columns=[
            Column(title="Form"),
            Column(title="Box", kind="code"),
            Column(title="What it says"),
            Column(title="Figure", kind="amount"),
            Column(title="As it is written", kind="code"),
        ],
        rows=[(one.form, one.box, one.title, stated(one.value), one.value) for one in books.lines],
    )


def settings(books: TaxBooks) -> Table:
    """What recon.toml says, as far as figures depend on it."""
    return Table(
        key="settings",
        title="Settings in force",
        note="The keys of recon.toml that figures depend on; [rules] stand with what was assumed.",
        columns=[Column(title="Key", kind="code"), Column(title="Says", kind="code")],
        rows=[(key, value) for key, value in books.settings if key != "rules" and value],
    )


def missing(books: TaxBooks) -> Table:
    """What is open, and what would cure it."""
    return Table(
        key="missing",
        title="What is missing",
        columns=[
            Column(title="Check", kind="code"),
            Column(title="Severity", kind="flag", good=("info",), fair=("warning",)),
            Column(title="Asset"),
            Column(title="Place"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="What, and what cures it"),
        ],
        rows=[_missing(one) for one in books.breaks],
        empty="Nothing is missing.",
    )


def _missing(one: Break) -> Sequence[Cell]:
    place = ":".join(word for word in (one.source, one.account) if word)
    return one.check, one.severity, one.asset, place, one.at, one.diagnosis.text


def lacking(books: TaxBooks, of: Picks) -> Table:
    """Rows that are in no figure."""
    return Table(
        key="lacking",
        title="Rows in no figure",
        columns=[
            Column(title="Disposal", kind="refs"),
            Column(title="Asset"),
            Column(title="Place"),
            Column(title="Activity"),
            Column(title="Disposed", kind="day"),
            *amounts("Units", "Proceeds", "Cost", total=False),
            Column(title="Not known"),
        ],
        rows=Rows(
            books.rows.pick(of.lacking),
            lambda row: (
                row.id, row.asset, row.place, row.activity, row.disposed, number(row.quantity),
                number(row.proceeds), number(row.cost), row.lacks,
            ),
        ),
        empty="Every row that counts is in the figures.",
    )  # fmt: skip


def unmet(books: TaxBooks) -> Table:
    """Choices of lots that could not be followed."""
    return Table(
        key="unmet",
        title="Choices not followed",
        columns=[
            Column(title="Disposal", kind="refs"),
            Column(title="Lot", kind="code"),
            *amounts("Units", total=False),
        ],
        rows=[(disposal, lot, number(units)) for disposal, lot, units in books.unmet],
        empty="Every choice was followed.",
    )


def assumptions(books: TaxBooks) -> Table:
    """What the rulebook takes for granted."""
    return Table(
        key="assumptions",
        title="Assumptions of the rulebook",
        columns=[Column(title="About"), Column(title="Assumed")],
        rows=[*books.rules.assumptions.items()],
    )


def rules_of_user(books: TaxBooks) -> Table:
    """What [rules] of recon.toml say that movements are."""
    return Table(
        key="rules_of_user",
        title="Rules of one's own",
        note="What [rules] of recon.toml take movements for, and how many of all years each was taken for.",
        columns=[
            Column(title="Rule", kind="code"),
            Column(title="Says"),
            Column(title="Movements", kind="count", total=True),
        ],
        rows=books.rules_of_user,
        empty="There are none.",
    )


def sources(books: TaxBooks) -> Table:
    """Where the figures of the law are from."""
    return Table(
        key="sources",
        title="Where the law's figures are from",
        note="Secondary: not read in the official text. Check it before you sign.",
        columns=[
            Column(title="Figure"),
            Column(title="Standing", kind="flag", good=("official",), fair=("secondary",)),
            Column(title="Source"),
        ],
        rows=[
            (what, _standing(source), source)
            for what, source in books.rules.sources(books.year.number).items()
        ],
        empty="No law stands behind these figures.",
    )


def _standing(source: str) -> str:
    words = {"secondary": "secondary", "not looked up": "not looked up", "not read": "secondary"}
    return next((standing for word, standing in words.items() if word in source), "official")
