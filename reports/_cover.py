"""The cover of a workbook: whose books, up to when, by which policies, from which ledger, and who answers for them."""

from collections.abc import Sequence

from recon.core.books import Books, Signature
from recon.core.document import Cell, Column, Fact, Section, Table
from recon.core.seals import CLOSED
from reports import _tables
from reports._tables import local_text, local_title


def cover(books: Books, result: Fact) -> Section:
    """The first sheet. ``result`` is what came of the controls."""
    return Section(
        key="cover",
        title="Cover and sign-off",
        facts=[*_tables.period_facts(books), *seal_facts(books), result],
        tables=[sign_off(books), policies(books), _tables.assumptions(books)],
    )


def seal_facts(books: Books) -> list[Fact]:
    """The run that brought the newest rows, and the seal of the period."""
    seal = next((one for one in books.seals if one.period.name == books.period.name), None)
    return [
        Fact(label="Run", value=books.run or "none yet", name="run"),
        Fact(label="Seal", value="open: not sealed yet" if seal is None else seal.hash, name="seal"),
    ]


def sign_off(books: Books) -> Table:
    """Who prepared, reviewed and approved: those who sealed and signed, and a line to sign where nobody has."""
    closed = [one for one in books.signatures if one.act == CLOSED]
    signed = [one for one in books.signatures if one.act != CLOSED]
    lines: dict[str, Sequence[Signature | None]] = {
        "Prepared by": closed[-1:] or [None],
        "Reviewed by": signed[:-1] or [None],
        "Approved by": signed[-1:] or [None],
    }
    return Table(
        key="sign_off",
        title="Sign-off",
        note="Who closes a period prepares it, who signs its seal last approves it. An empty line is for a hand.",
        columns=[
            Column(title="Role"),
            Column(title="Name"),
            Column(title="Account", kind="code"),
            Column(title=local_title("On", books)),
            Column(title="On (UTC)", kind="moment"),
            Column(title="Signature"),
        ],
        rows=[(role, *_signed(one, books.zone)) for role, signatures in lines.items() for one in signatures],
    )


def _signed(one: Signature | None, zone: str) -> tuple[Cell, ...]:
    if one is None:
        return "", "", None, None, ""
    return one.person, one.account, local_text(one.at, zone), one.at, "sealed"


def policies(books: Books) -> Table:
    """What was chosen, and what holds where nothing was."""
    return Table(
        key="policies",
        title="Policies in force",
        columns=[Column(title="Policy"), Column(title="As chosen")],
        rows=list(books.policies.items()),
        empty="None is stated.",
    )
