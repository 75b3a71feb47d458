"""Files as they are met: gone, unreadable, of other kinds, oddly written; and what a preview shows of them."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from recon.core.answers import Answer
from recon.core.canonical import read_json
from recon.core.contracts import World
from recon.core.errors import SourceError
from recon.sources.csv import SOURCE, Settings, preview
from tests.sources.drive import NAME, Read, answer
from tests.sources.test_csv import AT, HEADER, rows, settings, table

GOOD = f"{AT},deposit,,BTC,1,,,,,,,,"


class Folder:
    """A folder of exports, and what was sealed of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sealed: list[dict[str, Any]] = []

    def pull(self, *, known: Sequence[str] = (), listed: Sequence[str] | None = None) -> dict[str, Read]:
        """Reads the source through its own connection, as a pull would."""
        files = sorted(one.name for one in self.path.iterdir() if one.is_file()) if listed is None else listed
        world = World(seal=self._seal, now=_never, monotonic=_never, sleep=_never, folder=self.path)
        streams = SOURCE.streams(NAME, settings(), _known(known, lambda _: files))
        reads = {}
        with SOURCE.connect(NAME, settings(), world) as ask:
            for stream in streams:
                reads[stream.name] = _driven(stream, ask)
        return reads

    def _seal(self, **attempt: Any) -> Answer:
        content = None if attempt["body"] is None else attempt["body"].read()
        self.sealed.append(attempt | {"body": content})
        made = answer(content or b"", stream=attempt["stream"])
        fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
        sha256 = None if content is None else made.sha256
        return Answer(**fields | {"url": attempt["url"], "status": attempt["status"], "sha256": sha256})


def _known(streams: Sequence[str], files: Callable[[str], Sequence[str]]) -> Any:
    from recon.core.contracts import Known

    return Known(streams=frozenset(streams), files=files)


def _driven(stream: Any, ask: Any) -> Read:
    asked = []
    reading = stream.read()
    try:
        request = next(reading)
        while True:
            asked.append(request)
            request = reading.send(ask(stream.name, request))
    except StopIteration as done:
        return Read(stream, asked, done.value, None)
    except SourceError as error:
        return Read(stream, asked, None, error)


def _never(*args: Any) -> Any:
    raise AssertionError("a file needs no clock")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    (tmp_path / "f.csv").write_text(table({}), encoding="utf-8")
    return Folder(tmp_path)


def test_a_file_is_sealed_before_it_is_read(folder: Folder) -> None:
    reads = folder.pull()
    assert [(one["method"], one["url"], one["status"]) for one in folder.sealed] == [("FILE", "f.csv", None)]
    assert folder.sealed[0]["body"] == (folder.path / "f.csv").read_bytes()
    assert len(reads["f.csv"].rows()) == 1


def test_a_file_of_an_earlier_pull_that_is_gone_is_sealed_as_gone_and_read_as_nothing(folder: Folder) -> None:
    reads = folder.pull(known=["f.csv", "g.csv", "f.csv/h.csv"])
    assert [(one["stream"], one["url"], one["status"], one["body"]) for one in folder.sealed] == [
        ("f.csv/h.csv", "f.csv/h.csv", 404, None),
        ("g.csv", "g.csv", 404, None),
        ("f.csv", "f.csv", None, table({}).encode()),
    ]
    gone = reads["g.csv"]
    assert gone.passed and gone.passed.answers == () and gone.stream.rows is None
    assert len(reads["f.csv"].rows()) == 1


def test_openings_and_a_listing_that_failed_are_no_files(folder: Folder) -> None:
    (folder.path / "files").mkdir()
    reads = folder.pull(known=["opening", "files"])
    assert list(reads) == ["files", "f.csv"]
    assert not reads["files"].asked and reads["files"].passed and not reads["files"].error


def test_a_file_that_is_there_but_listed_no_more_is_sealed_as_such_and_not_read(folder: Folder) -> None:
    (folder.path / "old.csv").write_text("x", encoding="utf-8")
    reads = folder.pull(known=["old.csv"], listed=["f.csv"])
    assert next((one["url"], one["params"], one["status"], one["body"]) for one in folder.sealed) == (
        "old.csv",
        {"listed": "no"},
        404,
        None,
    )
    old = reads["old.csv"]
    assert old.passed and old.passed.answers == () and old.stream.rows is None


def test_a_file_that_goes_between_listing_and_reading_fails_the_stream(folder: Folder) -> None:
    reads = folder.pull(listed=["f.csv", "g.csv"])
    assert "the file was listed, but is gone. Pull again" in str(reads["g.csv"].error)
    assert len(reads["f.csv"].rows()) == 1


def test_a_folder_in_the_place_of_a_file_fails_its_stream(folder: Folder) -> None:
    (folder.path / "g.csv").mkdir()
    error = folder.pull(listed=["f.csv", "g.csv"])["g.csv"].error
    assert error and error.kind == "file" and "the file cannot be read: Is a directory" in str(error)
    assert [(one["url"], one["status"]) for one in folder.sealed] == [("f.csv", None), ("g.csv", None)]


def test_a_file_that_cannot_be_opened_fails_its_stream(folder: Folder) -> None:
    (folder.path / "g.csv").symlink_to("g.csv")
    assert "the file cannot be read: Too many levels" in str(folder.pull(listed=["g.csv"])["g.csv"].error)


@pytest.mark.parametrize("file", ["books.xls", "books.XLS", "books.ods", "books.xlsb"])
def test_a_kind_of_file_that_is_not_read_is_sealed_and_refused_by_name(folder: Folder, file: str) -> None:
    (folder.path / file).write_bytes(b"x")
    read = folder.pull(listed=[file])[file]
    assert [one["body"] for one in folder.sealed] == [b"x"]
    assert read.error and read.error.kind == "file"
    assert str(read.error).endswith("files are not read. Save it as .xlsx or .csv and pull again")


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"], ids=["cr", "crlf", "lf"])
@pytest.mark.parametrize("start", ["", "\ufeff"], ids=["plain", "bom"])
def test_a_file_may_end_its_lines_in_any_way(start: str, end: str) -> None:
    found = rows(start + end.join([HEADER, GOOD, "", GOOD]))
    assert [row.pointer for row in found] == ["/0", "/1"]
    with pytest.raises(SourceError, match="line 4: column quantity: "):
        rows(start + end.join([HEADER, GOOD, "", GOOD.replace("BTC,1", "BTC,x")]))


def test_a_header_may_hold_line_ends_in_quotes() -> None:
    body = f'timestamp,kind,asset,quantity,"a\nb"\n{AT},deposit,BTC,1,x\n{AT},deposit,BTC,y,x\n'
    with pytest.raises(SourceError, match="line 4: column quantity: "):
        rows(body)
    assert len(rows(body.replace(",y,", ",2,"), columns={"note": "a\nb"})) == 2


def test_a_cell_that_looks_like_a_formula_is_kept_as_text() -> None:
    for text in ("=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("x")'):
        (row,) = rows(table({"note": text, "id": text}))
        assert read_json(row.data.encode())["note"] == text
        assert row.identity == ("id", text)


def test_an_empty_file_and_a_header_alone_are_told_apart() -> None:
    with pytest.raises(SourceError, match="line 1: the header has no column 'timestamp'"):
        rows(b"")
    with pytest.raises(SourceError, match="line 1: the header has no column 'timestamp'"):
        rows("\ufeff")
    assert rows(HEADER) == []


def _opened(contents: dict[str, str]) -> Callable[[str], BinaryIO]:
    return lambda path: io.BytesIO(contents[path].encode())


def shown(contents: dict[str, str], **changes: Any) -> Any:
    return preview(settings(**changes), lambda pattern: sorted(contents), _opened(contents), limit=3)


def test_a_preview_shows_the_first_rows_of_each_file_as_they_would_be_read() -> None:
    line = {"fee_asset": "bnb", "fee_quantity": "0.10", "balance_after": "7.0", "account": "depot"}
    newest_first = [
        {"timestamp": f"2025-01-0{5 - number}T00:00:00+01:00", "kind": "withdrawal"} | line
        for number in range(5)
    ]
    (first, second) = shown({"a.csv": table(*newest_first), "b.csv": HEADER})
    assert (first.file, first.fault, len(first.rows)) == ("a.csv", "", 3)
    assert first.rows[0] == (
        "line 2", "2025-01-04T23:00:00Z", "withdrawal", "depot", "BTC", "-1", "0.1 BNB", "7",
    )  # fmt: skip
    assert (second.file, second.rows, second.fault) == ("b.csv", [], "")


def test_a_preview_shows_what_stops_a_file_after_the_rows_before_it() -> None:
    found = shown({"a.csv": table({}, {"quantity": "1,5"}, {}), "b.csv": "x", "c.xls": ""})
    assert [len(one.rows) for one in found] == [1, 0, 0]
    assert found[0].fault.startswith("line 3: column quantity: '1,5' is not a number")
    assert found[1].fault == "line 1: the header has no column 'timestamp'"
    assert found[2].fault == ".xls files are not read"


def test_a_preview_of_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (one,) = preview(settings(), lambda pattern: ["no.csv"], lambda path: (tmp_path / path).open("rb"))
    assert (one.rows, one.fault) == ([], "the file cannot be read: No such file or directory")


def test_a_preview_reads_by_the_settings() -> None:
    columns = {"timezone": "Europe/Warsaw", "decimal": ",", "sign": "signed", "asset": {"value": "PLN"}}
    body = "timestamp;quantity;fee_quantity;fee_asset\n2025-01-03 08:30:00;-1.234,50;0,25;PLN\n"
    (one,) = preview(
        Settings.model_validate({"kind": "csv", "path": "*", "columns": columns, "account": "konto"}),
        lambda pattern: ["f.csv"],
        _opened({"f.csv": body}),
    )
    assert one.rows == [
        ("line 2", "2025-01-03T07:30:00Z", "withdrawal", "konto", "PLN", "-1234.5", "0.25 PLN", "")
    ]
