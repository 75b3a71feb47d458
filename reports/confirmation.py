"""The data of the letters in which an auditor asks each venue to confirm what it holds, as ISA 505 wants them.

The auditor chooses what is asked and of whom, sends the letter and receives the answer: nothing here confirms anything.
"""

from recon.core.books import UNDER_WAY, Books, SourceRead
from recon.core.contracts import Report
from recon.core.document import Column, Document, Fact, Section, Table
from recon.core.times import short_text
from reports import _tables

TITLE = "Confirmation requests"
_ASKED = (
    "The legal name of the holder of these accounts, in your records",
    "Accounts and assets that you held for the entity at the cut-off and that are not listed above, with their units",
    "Liens, pledges, rights of set-off and other rights that anybody, you included, had in the units at the cut-off",
    "Units that were locked, staked, lent out or otherwise not free at the cut-off, until when, and why",
    "What the entity owed you at the cut-off: loans, margin, fees",
    "Movements that were ordered before the cut-off and carried out after it",
    "Whether the units were held in the entity's own name or together with those of others",
    "Who could dispose of the accounts at the cut-off",
)
_RULES = {
    "Who asks": "The auditor chooses what is confirmed and by whom, sends each letter and receives the answer "
    "directly from the venue, at an address found independently of the entity.",
    "What is no confirmation": "What a venue told this program, its balances and statements included, was asked by "
    "the entity with the entity's own key: a snapshot by the client, whatever evidence is sealed of it. So is an "
    "answer that passes through the entity's hands.",
    "What a letter holds": "One section is for one venue, and is nobody else's business. The units are those of the "
    "entity's ledger at the cut-off. The columns for the answer are empty on purpose.",
    "What may differ": "A venue may count what was under way, or keep another clock. The cut-off is the end of the "
    "period in the entity's zone, and stands in UTC beside it.",
}


def build(books: Books) -> Document:
    """How the letters are used, then one section a venue: what is to be confirmed, what is asked besides."""
    named = {one.name: one for one in books.sources}
    gone = {one.source for one in books.roll_forward} - {*named, UNDER_WAY}  # not configured any more
    venues = [*named, *sorted(gone)]
    return Document(
        title=TITLE,
        subtitle=_tables.subtitle(books),
        status=Fact(
            label="Requests, not confirmations",
            value="A confirmation is the venue's own answer, sent to the auditor directly.",
            tone="fair",
        ),
        as_of=books.as_of,
        properties=_tables.identity(books),
        sections=[
            _use(books),
            *(
                _venue(books, named.get(name, SourceRead(name, "")), number)
                for number, name in enumerate(venues, 1)
            ),
        ],
    )


def _use(books: Books) -> Section:
    return Section(
        key="use",
        title="How to use this",
        facts=_tables.period_facts(books),
        tables=[
            Table(
                key="use",
                title="Rules",
                columns=[Column(title="About"), Column(title="Rule")],
                rows=[*_RULES.items()],
            )
        ],
    )


def _venue(books: Books, source: SourceRead, number: int) -> Section:
    name, title = source.name, source.title
    rows = [
        (one.account, one.asset, one.closing, None, None, None)
        for one in books.roll_forward
        if one.source == name
    ]
    return Section(
        key=f"venue_{number}",
        title=name,
        lead="Please confirm to the auditor, directly, what you held for the entity at the cut-off.",
        facts=[
            Fact(label="Legal entity", value=books.entity),
            Fact(label="Venue", value=f"{title} ({name} in the books)" if title else name),
            Fact(label="Account number", value=source.known_as or "to be filled in by the entity"),
            *_cut_off(books),
            Fact(label="Answer goes to", value="to be filled in by the auditor"),
        ],
        tables=[
            Table(
                key=f"units_{number}",
                title="Units to be confirmed",
                note="By the entity's ledger, everything before the cut-off. Every account and asset that was ever "
                "used is listed, also where nothing is left: a balance of zero is to be confirmed too.",
                columns=[
                    Column(title="Account"),
                    Column(title="Asset"),
                    Column(title="Units by the entity's ledger", kind="amount"),
                    Column(title="Units by the venue", kind="amount"),
                    Column(title="Of which restricted", kind="amount"),
                    Column(title="Remarks of the venue"),
                ],
                rows=rows,
                empty="The ledger knows of no unit there: please confirm that none was held.",
            ),
            Table(
                key=f"asked_{number}",
                title="Please state besides",
                columns=[Column(title="Asked"), Column(title="Answer of the venue")],
                rows=[(question, None) for question in _ASKED],
            ),
        ],
    )


def _cut_off(books: Books) -> list[Fact]:
    """The moment that is asked about; of a period without an end that of the latest reading."""
    at = books.period.end or books.as_of
    if at is None:
        return [Fact(label="Cut-off", value="none: nothing was read yet", tone="bad")]
    said = "everything before" if books.period.end else "everything up to"
    unread = Fact(
        label="Not to be sent yet",
        value="The venues were last read before the cut-off: what moved since is not in the units.",
        tone="bad",
    )
    return [
        *([unread] if books.as_of is None or books.as_of < at else ()),
        Fact(label="Cut-off", value=f"{said} {_tables.local_text(at, books.zone)} ({books.zone})"),
        Fact(label="Cut-off in UTC", value=f"{said} {short_text(at)}"),
    ]


REPORT = Report(name="confirmation", title=TITLE, formats=("xlsx", "html"), build=build)
