"""Names for other programs: one thing, one name, and texts that stay where they were put."""

import csv
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow.parquet as pq
import pytest
from beancount import loader
from beancount.core import data
from hypothesis import example, given
from hypothesis import strategies as st

from recon.core.errors import ReconError
from recon.core.journal import Format, Held, Journal, JournalEntry, Line
from recon.core.registry import catalogue
from recon.core.times import Period
from reports._journals._names import account_name, asset_name, line
from tests.reports._journals import faults, hledger
from tests.reports.hostile import CORPUS

NOON = datetime(2025, 3, 5, 12, tzinfo=UTC)
DIGEST = "9c1185a5c5e9fc54612808977ee8f548b2258d31a3e2e1f0b0a1d5a8e0f7b6c4"
ASSET = st.text("ABCX019._-:'", min_size=1, max_size=32)
FORMATS = catalogue("reports._journals", "FORMAT", Format)
ALSO = [
    "date:2020-01-01", "[2020-01-01]", "[2020-01-01=2021-01-01]", "a, date:2020-13-45", "x  ; y", "x | y", ") (",
    '"', '\\"', "\\", '" #tag ^link', '\ninclude "/etc/passwd"', "*", "!", "\u2028\u2029\u0085",
    "2025-01-01 open Assets:Other", "end comment", "comment", "=", "~ 1", "{1 EUR} @ 2 EUR", "@@ 1 EUR", "a:b:c",
]  # fmt: skip
"""Texts that mean something in a journal."""


@pytest.fixture(autouse=True, scope="module")
def long_cells() -> Iterator[None]:
    """Some hostile texts are long."""
    before = csv.field_size_limit(10**6)
    yield
    csv.field_size_limit(before)


def account_of(name: str) -> str:
    """What an account's name was made from: the other way round, for the classes that these tests use."""
    first, *words = name.split(":")
    return ":".join([first.lower(), *map(_word, words)])


def _word(name: str) -> str:
    rest = name[1:] if name.startswith("X") else name[0].lower() + name[1:]
    return re.sub("--|-([0-9a-f]+)-", lambda one: chr(int(one[1], 16)) if one[1] else "-", rest)


@given(st.text(), st.text(min_size=1))
@example("x", "Main")
@example("Xx", "-20-")
def test_an_account_is_read_back_from_its_name(source: str, place: str) -> None:
    account = f"assets:{source.replace(':', '')}:{place}"
    name = account_name(account)
    assert account_of(name) == account
    assert re.fullmatch("Assets(:[A-Z0-9][A-Za-z0-9-]*){2}", name)


def test_no_account_is_below_another() -> None:
    ours = [
        "assets:transit:main", "assets:in-transit:main", "transit", "trading", "adjustments", "external:trading",
        "external:x", "fees:x", "income:interest", "loans:x", "suspense:x", "opening:balances", "opening:x",
    ]  # fmt: skip
    names = {account_name(one) for one in ours}
    assert len(names) == len(ours)
    assert not [(one, two) for one in names for two in names if two.startswith(f"{one}:")]
    assert not [one for one in names if one.startswith("Equity:Opening-Balances")]


@given(st.lists(ASSET, unique=True))
def test_an_asset_has_a_name_that_beancount_takes_and_no_other_asset_has(assets: list[str]) -> None:
    names = [asset_name(one) for one in assets]
    assert len({*names}) == len(names)
    for asset, name in zip(assets, names, strict=True):
        assert re.fullmatch(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]", name)
        assert (name == asset) is ("'" not in name)


@pytest.mark.parametrize(
    ("asset", "name"),
    [
        ("BTC", "BTC"), ("USDT_TRC20", "USDT_TRC20"), ("1INCH", "X''1INCH"), ("A:B", "A'3AB"), ("TRUE", "X''TRUE"),
        ("V", "X''V"), ("PEPE.", "PEPE'2E"), ("X-" * 16, "X''XXXXX''984D0C8AE054E0"), ("A'3AB", "A'273AB"),
    ],
)  # fmt: skip
def test_names_of_assets_stay_as_they_are(asset: str, name: str) -> None:
    assert asset_name(asset) == name


def entry_of(number: int, text: str) -> JournalEntry:
    words = text or "nothing"
    return JournalEntry(
        id=f"{words}/{number}",
        source=words,
        stream=words,
        at=NOON,
        happened_at=NOON.replace(day=1),
        description=words,
        reverses=words,
        evidence=DIGEST,
        pointer=words,
        lines=(
            Line(f"assets:{words.replace(':', '')}:{words}", words, Decimal("0.1"), None),
            Line(f"external:{words}", words, Decimal("-0.1"), None),
        ),
    )


def journal(texts: list[str]) -> Journal:
    """One entry a text, in which the text stands wherever one can."""
    made = [entry_of(number, text) for number, text in enumerate(texts)]
    held = [
        Held(one.account, one.asset, Decimal(0), one.quantity, date(2025, 3, 5), 1, 1)
        for each in made
        for one in each.lines
    ]
    return Journal(
        entity=" ".join(texts),
        zone=ZoneInfo("Europe/Warsaw"),
        base_currency="PLN",
        period=Period(name="all", start=None, end=None),
        version="0",
        until=date(2025, 3, 6),
        held=held,
        entries=lambda: iter(made),
    )


HOSTILE = [one for one in (*CORPUS, *ALSO) if len(one) < 1000]
LONG = [one for one in CORPUS if len(one) >= 1000]


def unseen(path: Path) -> set[str]:
    """Characters of a file that hide or turn text around."""
    return {one for one in path.read_text("utf-8") if line(one) != one and one != "\n"}


def test_beancount_reads_hostile_texts_as_texts(tmp_path: Path) -> None:
    (path,) = FORMATS["beancount"].write(journal([*HOSTILE, *LONG]), tmp_path)
    assert not unseen(path)
    entries, errors, options = loader.load_file(str(path))
    assert not errors
    moves = [one for one in entries if isinstance(one, data.Transaction)]
    assert [one.meta["pointer"] for one in moves] == [line(one) for one in (*HOSTILE, *LONG)]
    assert {one.payee for one in moves} == {one.narration for one in moves}
    assert all(not one.tags and not one.links and one.date == date(2025, 3, 5) for one in moves)
    assert len(options["include"]) == 1
    kinds = {type(one) for one in entries}
    assert kinds == {data.Open, data.Commodity, data.Transaction, data.Balance}


@pytest.mark.hledger
def test_hledger_reads_hostile_texts_as_texts(tmp_path: Path) -> None:
    (path,) = FORMATS["hledger"].write(journal([*HOSTILE, *LONG]), tmp_path)
    assert not unseen(path)
    hledger(path, "check", "--strict", "ordereddates")
    _, *rows = csv.reader(hledger(path, "print", "-O", "csv").splitlines())
    moves = {row[0]: row for row in rows}
    assert {row[1] for row in moves.values()} == {"2025-03-05"}
    assert len(moves) == len(HOSTILE) + len(LONG) + 1
    known = {"time", "local", "happened", "reverses", "stream", "evidence", "pointer", "asset", "account"}
    assert {*hledger(path, "tags").split()} <= known


def test_csv_and_parquet_keep_a_hostile_text_in_its_cell(tmp_path: Path) -> None:
    made = journal([*HOSTILE, *LONG])
    (path,) = FORMATS["journal_csv"].write(made, tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        titles, *rows = csv.reader(file)
    assert len(rows) == 2 * (len(HOSTILE) + len(LONG))
    assert {len(row) for row in rows} == {len(titles)} and not unseen(path)
    amount = titles.index("quantity")
    assert not [
        cell for row in rows for place, cell in enumerate(row) if place != amount and cell[:1] in {*"=+-@"}
    ]
    assert {row[titles.index("pointer")].removeprefix("'") for row in rows} >= {
        line(one) for one in (*HOSTILE, *LONG) if not one.startswith("'")
    }
    entries, _ = FORMATS["parquet"].write(made, tmp_path)
    assert [*pd.read_parquet(entries)["pointer"]] == [line(one) for one in (*HOSTILE, *LONG)]


def test_parquet_says_what_its_columns_are_and_keeps_every_digit(tmp_path: Path) -> None:
    one = entry_of(1, "row")
    long = Decimal("123456789012345678.123456789012345678")
    parts = (
        one.lines[0]._replace(quantity=long, value=long),
        one.lines[1]._replace(quantity=long.copy_negate()),
    )
    entries, postings = FORMATS["parquet"].write(
        replace(journal([]), entries=lambda: iter([one._replace(lines=parts, reverses="")])), tmp_path
    )
    for path in (entries, postings):
        assert all(field.metadata[b"description"] for field in pq.read_schema(path))
    frame = pd.read_parquet(postings)
    assert (
        [*frame["quantity"]] == [long, long.copy_negate()]
        and frame["value"][0] == long
        and frame["value"][1] is None
    )
    told = pd.read_parquet(entries)
    assert told["at"][0] == pd.Timestamp(NOON) and str(told["at"].dtype) == "datetime64[us, UTC]"
    assert told["day"][0] == date(2025, 3, 5) and pd.isna(told["reverses"][0])


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_journal_of_nothing_is_whole(name: str, tmp_path: Path) -> None:
    paths = FORMATS[name].write(replace(journal([]), until=None), tmp_path)
    assert paths and all(path.exists() for path in paths)
    assert name != "beancount" or faults(paths[0]) == []


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_a_journal_that_breaks_off_leaves_what_was_there(name: str, tmp_path: Path) -> None:
    made = journal(HOSTILE)
    before = {path: path.read_bytes() for path in FORMATS[name].write(made, tmp_path)}

    def broken() -> object:
        yield entry_of(0, "row")
        raise OSError("no space left")

    with pytest.raises((OSError, KeyError)):
        FORMATS[name].write(replace(made, entries=broken), tmp_path)  # type: ignore[arg-type]
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_two_assets_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    same: Callable[[str], str] = lambda asset: "SAME"  # noqa: E731 - whatever the asset
    monkeypatch.setattr(import_module("reports._journals.beancount"), "asset_name", same)
    with pytest.raises(ReconError, match="would both be called SAME"):
        FORMATS["beancount"].write(journal(["A", "B"]), tmp_path)
    assert not [*tmp_path.iterdir()]


def test_the_check_of_beancount_itself_takes_the_file(tmp_path: Path) -> None:
    (path,) = FORMATS["beancount"].write(journal(["A", "B"]), tmp_path)
    check = [sys.executable, "-m", "beancount.scripts.check", "--no-cache", str(path)]
    ran = subprocess.run(check, check=False, capture_output=True)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
