"""Adjustments: entries that people make. What may be drafted, the document that is sealed, and the row it becomes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from recon.core.answers import Answer
from recon.core.canonical import identity, write_json
from recon.core.errors import ConfigError, NumberRefused
from recon.core.money import ZERO, exact, parse, text
from recon.core.records import Posting, Row, asset_code, assets, merged
from recon.core.signed import Document, read_document
from recon.core.times import from_iso, micros, moment_text

ADJUSTMENTS = "adjustments"
"""The stream and family of what was approved; no venue's."""
ATTACHMENTS = "attachments"
"""The stream of files that drafts cite."""
BY_HAND = frozenset({ADJUSTMENTS, ATTACHMENTS})
_PLAIN = ("adjustments", "trading", "transit")
_OF_SOURCE = ("external", "fees", "loans", "suspense")
_INCOME = re.compile(r"income:[a-z0-9][a-z0-9_-]{0,31}\Z")


class Attachment(NamedTuple):
    """A file that was sealed with a draft."""

    url: str
    sha256: str
    size: int


class Draft(NamedTuple):
    """What is to be posted and why. ``number`` tells it from one that says the same."""

    number: int
    source: str
    at: datetime
    postings: tuple[Posting, ...]
    reason: str
    text: str
    break_id: str | None
    attachments: tuple[Attachment, ...]
    reverses: str | None

    @property
    def id(self) -> str:
        """``A-`` and the digest of all that it says."""
        return "A-" + identity([write_json(self.facts())])[:12]

    def facts(self) -> dict[str, Any]:
        """As the ledger and the evidence keep it. Every number is a string, so that no reader changes one."""
        return {
            "number": str(self.number),
            "source": self.source,
            "at": moment_text(self.at),
            "postings": [[one.account, one.asset, text(one.quantity)] for one in self.postings],
            "reason": self.reason,
            "text": self.text,
            "break": self.break_id,
            "attachments": [
                {"url": one.url, "sha256": one.sha256, "bytes": str(one.size)} for one in self.attachments
            ],
            "reverses": self.reverses,
        }


def draft_of(facts: Mapping[str, Any]) -> Draft:
    """The draft that its facts tell."""
    return Draft(
        number=int(facts["number"]),
        source=facts["source"],
        at=from_iso(facts["at"]),
        postings=tuple(
            Posting(account, asset, parse(quantity)) for account, asset, quantity in facts["postings"]
        ),
        reason=facts["reason"],
        text=facts["text"],
        break_id=facts["break"],
        attachments=tuple(
            Attachment(one["url"], one["sha256"], int(one["bytes"])) for one in facts["attachments"]
        ),
        reverses=facts["reverses"],
    )


def document_of(data: str) -> Document[Draft]:
    """The document that its JSON tells."""
    return read_document(data, draft_of)


def rows(answers: Sequence[Answer]) -> Iterator[Row]:
    """The one row of a sealed document. What it is about is its first posting to a place, else its first at all."""
    (answer,) = answers
    with answer.body() as body:
        data = body.read().decode()
    draft = document_of(data).draft
    place = assets(draft.source, "")
    about = next((one for one in draft.postings if one.account.startswith(place)), draft.postings[0])
    yield Row(
        identity=(draft.id,),
        at=draft.at,
        ordinal=micros(draft.at),
        kind=f"adjustment {draft.reason}",
        status="settled",
        account=about.account.removeprefix(place) if about.account.startswith(place) else "",
        asset=about.asset,
        quantity=about.quantity,
        data=data,
        seq=answer.seq,
        pointer="",
        postings=draft.postings,
    )


def postings_of(source: str, stated: Sequence[str]) -> tuple[Posting, ...]:
    """The postings that texts like ``assets:egera:main BTC -0.0005`` state.

    Raises ConfigError where one is none, where the account is not to be posted to, and where an asset's do not cancel.
    """
    found = [_posting(source, one) for one in stated]
    with exact():
        for asset in sorted({one.asset for one in found}):
            if left := sum((one.quantity for one in found if one.asset == asset), ZERO):
                raise _refused(
                    f"the postings of {asset} add up to {text(left)}, not to zero",
                    "Name the account that the other side of it belongs to",
                )
    together = merged(found)
    if not together:
        raise _refused("these postings move nothing", "Give each as: --post 'ACCOUNT ASSET QUANTITY'")
    return together


def negated(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    """What takes these postings back."""
    return tuple(one._replace(quantity=one.quantity.copy_negate()) for one in postings)


def _posting(source: str, stated: str) -> Posting:
    words = stated.rsplit(maxsplit=2)
    if len(words) != 3:
        raise _refused(
            f"{stated!r} is no posting",
            f"Give one like: --post 'assets:{source}:main BTC -0.0005'",
        )
    account, code, quantity = words
    place = assets(source, "")
    known = (
        account in _PLAIN
        or account in {f"{word}:{source}" for word in _OF_SOURCE}
        or (account.startswith(place) and account != place)
        or _INCOME.match(account)
    )
    if not known:
        allowed = [f"{place}PLACE", *_PLAIN, *(f"{word}:{source}" for word in _OF_SOURCE), "income:WORD"]
        raise _refused(
            f"{account!r} is no account of an adjustment of {source}", f"Post to one of {', '.join(allowed)}"
        )
    asset, usable = asset_code(code)
    if not usable:
        raise _refused(f"{code!r} is no asset", "An asset is 1 to 32 characters A-Z a-z 0-9 . _ : -")
    try:
        return Posting(account, asset, parse(quantity))
    except NumberRefused as refused:
        raise _refused(str(refused), "Write a quantity out, like -0.0005") from None


def _refused(what: str, next_step: str) -> ConfigError:
    return ConfigError(what, where="--post", next_step=next_step)
