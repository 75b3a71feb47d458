"""The steps in the life of a period as documents, each in one canonical form: closed under a seal, signed, reopened.

A document is a JSON object of texts, lists and objects. ``act`` says what was done, ``by`` and ``at`` who did it and
when. One that closes a period states its own hash as ``seal`` and that of the seal before as ``previous``.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from recon.core.acts import Deed, Who
from recon.core.canonical import sha256, write_json
from recon.core.times import EARLIEST, Period, from_iso, moment_text

RECON = "recon"
"""The source under which the program seals what is its own. No table of recon.toml may have the name."""
PERIODS = "periods"
"""The stream of these documents."""
REPORTS = "reports"
"""The stream of the reports that a period was closed with."""
CLOSED, SIGNED, REOPENED = "closed", "signed", "reopened"
MALFORMED = (ValueError, KeyError, TypeError, RecursionError)
"""What is raised of a text that is no such document: nobody but who alters the ledger by hand makes one."""
_PLACES = {CLOSED: "seals", SIGNED: "signed", REOPENED: "reopened"}


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A period that is sealed: under which hash, by whom, with what, and who signed it since."""

    period: Period
    hash: str
    by: Who
    document: Mapping[str, Any]
    signed: tuple[Who, ...] = ()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with its own hash as ``seal``."""
    return {**document, "seal": seal_of(document)}


def seal_of(document: Mapping[str, Any]) -> str:
    """The hash of a document that closes a period: that of its canonical JSON without ``seal``."""
    told = {name: value for name, value in document.items() if name != "seal"}
    return sha256(write_json(told).encode())


def step(act: str, period: str, who: Who, at: datetime, **more: Any) -> dict[str, Any]:
    """A document that tells of one step."""
    return {"act": act, "period": period, "by": who._asdict(), "at": moment_text(at), **more}


def place(document: Mapping[str, Any]) -> str:
    """The url under which a document is sealed in the evidence, and where its file lies beside recon.toml."""
    return f"{_PLACES[document['act']]}/{document['period']}"


def file_name(document: Mapping[str, Any]) -> str:
    """The name of the file of a document that closes a period."""
    return f"{document['period']}-{document['seal'][:12]}.json"


def told(document: Mapping[str, Any]) -> tuple[datetime, Who, Deed]:
    """When a step was done, by whom, and the act that the ledger keeps of it."""
    until = {CLOSED: "ends_at", REOPENED: "horizon"}.get(document["act"])
    horizon = None if until is None else from_iso(document[until])
    deed = Deed("period", document["period"], document["act"], document, horizon)
    return from_iso(document["at"]), Who(**document["by"]), deed


def document_of(text: str | bytes) -> dict[str, Any]:
    """The document that a text states; numbers with a point are kept as they are written."""
    found: dict[str, Any] = json.loads(text, parse_float=str, parse_int=int)
    return found


def standing(steps: Iterable[str]) -> list[Seal]:
    """The seals in force, oldest first, of all steps so far as canonical JSON. Raises what MALFORMED lists."""
    found: list[Seal] = []
    for text in steps:
        found = after(found, document_of(text))
    return found


def after(seals: list[Seal], document: Mapping[str, Any]) -> list[Seal]:
    """The seals in force after one more step. Raises what MALFORMED lists."""
    by = Who(**document["by"])
    if document["act"] == CLOSED:
        bounds = (from_iso(document[name]) for name in ("starts_at", "ends_at"))
        period = Period(name=document["period"], **dict(zip(("start", "end"), bounds, strict=True)))
        return [*seals, Seal(period=period, hash=document["seal"], by=by, document=document)]
    if document["act"] == REOPENED:
        if not seals:
            raise ValueError("nothing is sealed")
        return seals[:-1]
    return [replace(one, signed=(*one.signed, by)) if one.hash == document["seal"] else one for one in seals]


def follows(document: Mapping[str, Any], seals: list[Seal]) -> bool:
    """Whether a step is one that can be next, after these seals."""
    newest = seals[-1].hash if seals else ""
    if document["act"] == CLOSED:
        return bool(document["previous"] == newest and document["seal"] == seal_of(document))
    if document["act"] == REOPENED:
        return bool(document["seal"] == newest)
    return any(one.hash == document["seal"] for one in seals)


def horizon_of(seals: list[Seal]) -> datetime:
    """The end of what is sealed."""
    end = seals[-1].period.end if seals else None
    return EARLIEST if end is None else end
