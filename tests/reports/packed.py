"""Books whose sealed answers can be read, and the pages made of them."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from recon.core.answers import Answer
from recon.core.books import Books, ChainRow
from recon.core.money import text
from reports import audit
from reports._render.site import render_site
from tests.reports.books import BOOKS, HISTORY, START, TRADES
from tests.reports.hostile import CORPUS, hostile_books

ELSEWHERE = re.compile(r"(?:\.\./)?(data|evidence)/(.+)")
"""What others write beside the pages."""


def sealed(number: int, body: bytes, **more: str) -> Answer:
    """A sealed answer with this body."""
    digest = sha256(body).hexdigest()
    made = replace(
        BOOKS.answers[HISTORY], seq=number, sha256=digest, size=len(body), body=lambda: BytesIO(body)
    )
    return replace(made, **more)  # type: ignore[arg-type]


def packed(books: Books = BOOKS) -> Books:
    """The books with bodies behind the answers that their movements name, and the chain of their first break."""
    answers: dict[str, Answer] = {}
    for number, digest in enumerate((HISTORY, TRADES), 61):
        rows = {
            one.pointer.rpartition("/")[2]: {"currency": one.asset, "amount": text(one.quantity)}
            for one in books.transactions
            if one.answer == digest
        }
        body = json.dumps({"data": rows, "results": [{"row": at} for at in range(20)]}).encode()
        answers[digest] = replace(sealed(number, body), sha256=digest)
    first, *others = books.breaks
    moved = [
        one for one in BOOKS.transactions if (one.source, one.account, one.asset) == ("fuse", "main", "ETH")
    ]
    chain = tuple(
        ChainRow(
            one.entry, one.source, one.account, one.asset, one.at, one.kind, one.quantity, one.balance_after,
            in_force=True, cited=one.entry == "fuse/1182",
        )
        for one in moved
    )  # fmt: skip
    return replace(books, answers=answers, breaks=[first._replace(chain=chain), *others])


def hostile_pack() -> Books:
    """The hostile month, whose sealed answer is full of hostile text too, also as a line of a file and as a place."""
    books = hostile_books()
    body = "\n".join(["header", *CORPUS]).encode("utf-8", "surrogatepass")
    answer = replace(sealed(61, body), sha256=HISTORY, url=CORPUS[0])
    first, *others = books.transactions
    some = [first._replace(answer=HISTORY, pointer=f"/{number}") for number in range(len(CORPUS))]
    return replace(books, transactions=[*some, *others], answers={HISTORY: answer})


def month(count: int, per_answer: int = 1_000) -> Books:
    """A month of ``count`` movements, each an entry of its own with its row in a sealed answer."""
    base, answers, rows = [*BOOKS.transactions], {}, []
    for start in range(0, count, per_answer):
        some = [base[number % len(base)] for number in range(start, min(start + per_answer, count))]
        stated = [{"id": start + at, "amount": text(one.quantity)} for at, one in enumerate(some)]
        answer = sealed(1_000 + start, json.dumps({"data": stated}).encode())
        assert answer.sha256
        answers[answer.sha256] = answer
        rows += [
            one._replace(
                at=START + timedelta(seconds=20 * (start + at)),
                entry=f"{one.source}/{start + at + 1}",
                answer=answer.sha256,
                pointer=f"/data/{at}",
            )
            for at, one in enumerate(some)
        ]
    return replace(BOOKS, transactions=rows, answers=answers)


def written(books: Books, folder: Path) -> dict[str, str]:
    """The pages of these books by their names below ``folder``."""
    paths = render_site(audit.build(books), folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in paths}


class Outline(HTMLParser):
    """What a page is made of: its tags with their attributes, its texts, its ids and where it leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, name: str) -> list[str]:
        return [value for _, attributes in self.tags if (value := attributes.get(name))]


def outlines(pages: Mapping[str, str]) -> dict[str, Outline]:
    """Of each page that is one."""
    return {name: Outline(page) for name, page in pages.items() if name.endswith(".html")}


def broken_links(pages: Mapping[str, str]) -> list[str]:
    """Links that lead to no page, or to no place on it; what others write is left out."""
    every = outlines(pages)
    places = {name: set(one.all("id")) for name, one in every.items()}
    found = []
    for name, one in every.items():
        for link in one.all("href"):
            if ELSEWHERE.fullmatch(link):
                continue
            path, _, place = link.partition("#")
            target = (Path(name).parent / path).as_posix().replace("pages/../", "") if path else name
            if target not in places or (place and place not in places[target] | {unquote(place)}):
                found.append(f"{name}: {link}")
    return found
