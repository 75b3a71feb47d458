"""What two people answer for: a draft that one prepared and another approved, as one document that is sealed then."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from recon.core.canonical import read_json, write_json
from recon.core.times import from_iso, moment_text, short_text


class Signed(NamedTuple):
    """Who prepared or approved, under which account of the system, and when."""

    person: str
    account: str
    at: datetime

    def facts(self) -> dict[str, str]:
        """As JSON answers state it."""
        return {"person": self.person, "account": self.account, "at": short_text(self.at)}


class Drafted(Protocol):
    """What may be drafted."""

    @property
    def id(self) -> str:
        """The digest of all that it says."""

    def facts(self) -> dict[str, Any]:
        """As the ledger and the evidence keep it."""


D = TypeVar("D", bound=Drafted)


class Document(NamedTuple, Generic[D]):
    """A draft with those who answer for it."""

    draft: D
    prepared: Signed
    approved: Signed

    def text(self) -> str:
        """Its canonical JSON."""
        signed = {
            word: {**one.facts(), "at": moment_text(one.at)}
            for word, one in (("prepared", self.prepared), ("approved", self.approved))
        }
        return write_json({"id": self.draft.id, "draft": self.draft.facts(), **signed})


def read_document(data: str, draft_of: Callable[[Mapping[str, Any]], D]) -> Document[D]:
    """The document that its JSON tells. ``draft_of`` reads the draft's facts."""
    told = read_json(data.encode())
    prepared, approved = (
        Signed(told[word]["person"], told[word]["account"], from_iso(told[word]["at"]))
        for word in ("prepared", "approved")
    )
    return Document(draft_of(told["draft"]), prepared, approved)
