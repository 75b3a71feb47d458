"""Opening positions as a stream of their own: stated in recon.toml, sealed like any answer, posted once."""

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from io import BytesIO

from recon.core.answers import Answer
from recon.core.canonical import read_json, write_json
from recon.core.contracts import Ask, Pass, Request, Stream, World
from recon.core.money import parse, text
from recon.core.records import Row, assets, merged, moved
from recon.core.times import EARLIEST, from_iso, moment_text
from recon.pipeline.config import Opening

STREAM = "opening"
_FIRST = -(2**62)
"""Before every row of a venue."""


def opening_stream() -> Stream:
    """The stream whose one answer is the openings of a source."""
    return Stream(name=STREAM, read=_read, rows=_rows)


def opening_ask(openings: Sequence[Opening], start: datetime | None, world: World) -> Ask:
    """Seals the stated openings, the first moment filled in where none is given."""
    rows = [
        {
            "account": one.account,
            "asset": one.asset,
            "quantity": text(one.quantity),
            "at": moment_text(one.at or start or EARLIEST),
            "cost": "" if one.cost is None else text(one.cost),
            "note": one.note,
        }
        for one in openings
    ]

    def ask(stream: str, request: Request) -> Answer:
        body = BytesIO(write_json(rows).encode())
        return world.seal(stream=stream, method="FILE", url=request.path, params={}, status=None, body=body)

    return ask


def _read() -> Generator[Request, Answer, Pass]:
    answer = yield Request(method="FILE", path="recon.toml#opening")
    return Pass(answers=(answer,))


def _rows(answers: Sequence[Answer]) -> Iterator[Row]:
    answer = answers[0]
    with answer.body() as body:
        stated = read_json(body.read())
    for number, row in enumerate(stated):
        quantity = parse(row["quantity"])
        place = assets(answer.source, row["account"])
        yield Row(
            identity=(row["account"], row["asset"]),
            at=from_iso(row["at"]),
            ordinal=_FIRST,
            kind="opening",
            status="settled",
            account=row["account"],
            asset=row["asset"],
            quantity=quantity,
            data=write_json(row),
            seq=answer.seq,
            pointer=f"/{number}",
            postings=merged(moved(place, f"opening:{answer.source}", row["asset"], quantity)),
        )
