"""Journals for other programs: what these reckon from them is what our ledger says, to the last digit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from beancount import loader
from hypothesis import given, settings
from hypothesis import strategies as st

from recon.core.errors import ReconError
from recon.core.money import ZERO, exact, text
from recon.core.times import EPOCH, Period, naive, period
from recon.ledger.copy import load as typed_copy
from recon.ledger.store import Ledger, open_ledger
from recon.pipeline.balances import balances
from recon.pipeline.config import Config, load
from recon.pipeline.journals import export
from tests.contract.house import house
from tests.contract.outside import recon
from tests.reports._journals import CARRYING, MOVING, OF_OPENING, Sums, faults, hledger
from tests.tax._ledgers import Line, ledger_of

FEW = settings(max_examples=min(max(settings().max_examples // 10, 3), 200))
EVER = Period(name="all", start=None, end=None)
FORMATS = [
    "journal-csv", "parquet", "beancount", pytest.param("hledger", marks=pytest.mark.hledger)
]  # fmt: skip
_TRIAL = """
select l.ledger_account, l.asset, sum(l.quantity) from legs as l
where ($at is null or l.at < $at) and (l.counted or ($at is not null and l.counted_until >= $at))
group by all having sum(l.quantity) <> 0
"""


class Truth(NamedTuple):
    """The trial balance at a period's start and end, straight from the ledger, and what ``recon balances`` says now."""

    before: Sums
    after: Sums
    places: Sums


def truth(config: Config, ledger: Ledger, asked: Period) -> Truth:
    with typed_copy(ledger, tables=("legs", "links"), kept=config.legs) as copy:
        before, after = (
            {row[:2]: row[2] for row in copy.execute(_TRIAL, {"at": at and naive(at)}).fetchall()}
            for at in (asked.start, asked.end)
        )
    held = balances(config, ledger, None) if asked.end is None else []
    places = {(f"assets:{one.source}:{one.account}", one.asset): one.quantity for one in held}
    return Truth(before if asked.start else {}, after, places)


def less(one: Sums, other: Sums) -> Sums:
    with exact():
        left = {place: one.get(place, ZERO) - other.get(place, ZERO) for place in {**one, **other}}
    return {place: quantity for place, quantity in left.items() if quantity}


def agreed(
    config: Config, ledger: Ledger, asked: Period, name: str, folder: Path, true: Truth | None = None
) -> Sums:
    """Writes a journal and has its program read it; what that reckoned, once it is what the ledger says."""
    before, after, places = true or truth(config, ledger, asked)
    export(config, ledger, asked, name, folder)
    moved = less(after, before)
    if name in MOVING:
        found = MOVING[name](folder, asked.name)
        assert found == moved
    else:
        found = CARRYING[name](folder, asked.name)
        expected = {
            place: (moved if place[0].startswith(("income:", "fees:")) else after).get(place, ZERO)
            for place in {**before, **after}
        }
        assert {place: one for place, one in found.items() if place[0] != OF_OPENING} == {
            place: one for place, one in expected.items() if one
        }
        with exact():
            for asset in {asset for _, asset in found}:
                assert not sum((one for place, one in found.items() if place[1] == asset), ZERO)
    if asked is EVER:
        assert {place: one for place, one in found.items() if place[0].startswith("assets:")} == places
    return found


def part(name: str) -> Period:
    return period(name, ZoneInfo("Europe/Warsaw"), EPOCH)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Config, Ledger]]:
    """The ledger of the demonstration: swaps, fees in other assets, transfers under way, several accounts."""
    folder = tmp_path_factory.mktemp("demo")
    recon(folder, "demo", ".", "--quiet")
    config = load(folder / "recon.toml")
    with open_ledger(config.ledger_url, create=False) as ledger:
        yield config, ledger


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("asked", ["all", "2025-01", "2025-02", "2025-Q1", "2024"])
def test_the_demonstration_reads_the_same_everywhere(
    name: str, asked: str, demo: tuple[Config, Ledger], tmp_path: Path
) -> None:
    config, ledger = demo
    found = agreed(config, ledger, EVER if asked == "all" else part(asked), name, tmp_path)
    assert bool(found) is (asked != "2024")
    assert asked != "all" or found["transit", "USDT"]


ASSETS = ("BTC", "1INCH", "A:B", "TRUE", "V", "PEPE.", "X-" * 16, "_", "USDT_TRC20", "-", "EUR")
PLACES = (
    "main",
    "Main",
    "MAIN",
    "x",
    "Xx",
    "my place",
    "a:b",
    "a-b",
    "a--b",
    "a_b",
    "-20-",
    "żółć",
    "128",
    "(x)",
)
LONG = st.one_of(
    st.integers(1, 10**35).map(lambda units: text(Decimal(units).scaleb(-18))),
    st.sampled_from(("0.000000000000000001", "499999999999999999.999999999999999999", "1", "0.1")),
)  # fmt: skip
SHORT = st.one_of(
    st.integers(1, 10**26 - 1).map(lambda units: text(Decimal(units).scaleb(-18))),
    st.sampled_from(("0.000000000000000001", "99999999.999999999999999999", "1", "0.1")),
)  # fmt: skip
"""A dozen of these need no more than 28 digits."""
KINDS = ("buy", "sell", "deposit", "withdrawal", "income", "fee", "gift", "adjustment")
DAYS = st.dates(date(2025, 1, 1), date(2025, 3, 30))
TIMES = ("00:00:00", "22:59:59", "23:00:00")


@st.composite
def lines(draw: st.DrawFn, amounts: st.SearchStrategy[str]) -> list[Line]:
    """Rows of a broker, of every kind, in any order."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(KINDS))
        asset, quote, fee = draw(st.permutations(ASSETS))[:3]
        line = {
            "timestamp": f"{draw(DAYS)}T{draw(st.sampled_from(TIMES))}Z",
            "kind": kind,
            "account": draw(st.sampled_from(PLACES)),
            "asset": asset,
            "quantity": draw(amounts),
            "id": str(number),
        }
        if kind in ("buy", "sell"):
            line |= {"quote_asset": quote, "quote_quantity": draw(amounts)}
        if kind != "fee" and draw(st.booleans()):
            line |= {"fee_asset": draw(st.sampled_from((fee, asset))), "fee_quantity": draw(amounts)}
        made.append(line)
    return made


@contextmanager
def broker(made: Sequence[Line]) -> Iterator[tuple[Config, Ledger, Path]]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "out").mkdir()
        with ledger_of(Path(folder), made, "EUR", "Europe/Warsaw") as (config, ledger):
            yield config, ledger, Path(folder) / "out"


@FEW
@given(lines(LONG))
def test_any_ledger_reads_the_same_as_csv_and_parquet(made: list[Line]) -> None:
    with broker(made) as (config, ledger, out):
        true = truth(config, ledger, EVER)
        for name in MOVING:
            agreed(config, ledger, EVER, name, out, true)


@FEW
@given(lines(SHORT))
def test_any_ledger_reads_the_same_in_beancount(made: list[Line]) -> None:
    with broker(made) as (config, ledger, out):
        agreed(config, ledger, EVER, "beancount", out)
        agreed(config, ledger, part("2025-02"), "beancount", out)


@pytest.mark.hledger
@FEW
@given(lines(LONG))
def test_any_ledger_reads_the_same_in_hledger(made: list[Line]) -> None:
    with broker(made) as (config, ledger, out):
        agreed(config, ledger, EVER, "hledger", out)
        agreed(config, ledger, part("2025-02"), "hledger", out)


SMALL = [
    {"timestamp": "2025-01-31T22:59:59.999999Z", "kind": "deposit", "asset": "ETH", "quantity": "3", "id": "1"},
    {"timestamp": "2025-01-31T23:00:00Z", "kind": "buy", "asset": "1INCH", "quantity": "0.123456789012345678",
     "quote_asset": "ETH", "quote_quantity": "1", "fee_asset": "ETH", "fee_quantity": "0.01", "id": "2"},
    {"timestamp": "2025-03-05T12:00:00Z", "kind": "withdrawal", "asset": "ETH", "quantity": "0.5", "id": "3"},
]  # fmt: skip


def altered(path: Path) -> Path:
    """A copy in which one deposit is larger by the last digit, on both its sides."""
    written = path.read_text(encoding="utf-8")
    wrong = written.replace("  3 ", "  3.000000000000000001 ", 1).replace(
        "  -3 ", "  -3.000000000000000001 ", 1
    )
    assert wrong != written
    copy = path.with_stem("altered")
    copy.write_text(wrong, encoding="utf-8")
    return copy


def test_beancount_notices_a_change_of_the_last_digit() -> None:
    with broker(SMALL) as (config, ledger, out):
        (path, _) = export(config, ledger, EVER, "beancount", out)
        assert faults(path) == []
        said = faults(altered(path))
        assert len(said) == 2 and all("Balance failed" in one for one in said)


@pytest.mark.hledger
def test_hledger_notices_a_change_of_the_last_digit() -> None:
    with broker(SMALL) as (config, ledger, out):
        (path, _) = export(config, ledger, EVER, "hledger", out)
        hledger(path, "check", "--strict")
        assert "balance assertion" in hledger(altered(path), "check", code=1)


def test_a_day_is_that_of_the_entity_and_a_period_begins_with_what_was_there() -> None:
    with broker(SMALL) as (config, ledger, out):
        path, _ = export(config, ledger, part("2025-02"), "beancount", out)
        told = path.read_text(encoding="utf-8")
        assert '2025-02-01 * "Opening balances"\n  Assets:Broker:Main  3 ETH\n' in told
        assert '2025-02-01 * "broker" "buy"\n  entry: "broker/2"\n  time: "2025-01-31T23:00:00Z"\n' in told
        assert "2025-03-01 balance Assets:Broker:Main  1.99 ~ 0 ETH\n" in told
        assert "broker/1" not in told and "broker/3" not in told
        assert "2025-02-01 commodity X''1INCH\n  asset: \"1INCH\"\n" in told


@pytest.mark.parametrize("behind", [".1", ".123456789012345678"])
def test_what_beancount_would_round_is_refused_and_no_file_is_left(behind: str) -> None:
    with broker([SMALL[0] | {"quantity": f"10000000000{behind}"}]) as (config, ledger, out):
        if len(behind) == 2:
            agreed(config, ledger, EVER, "beancount", out)
            return
        with pytest.raises(ReconError, match=r"ETH comes to 10000000000 units with 18 digits .* hledger"):
            export(config, ledger, EVER, "beancount", out)
        assert not [*out.iterdir()]


def test_beancount_shows_every_digit_that_there_is(demo: tuple[Config, Ledger], tmp_path: Path) -> None:
    config, ledger = demo
    path, _ = export(config, ledger, EVER, "beancount", tmp_path)
    shown = loader.load_file(str(path))[2]["dcontext"].build()
    assert shown.format(Decimal("3.358859707090140726"), "ETH") == "3.358859707090140726"
    assert shown.format(Decimal("475038.17"), "PLN") == "475038.17"


def test_a_movement_that_two_sources_hold_is_written_once_and_a_transfer_moves_through_transit(
    tmp_path: Path,
) -> None:
    header = "timestamp,kind,account,asset,quantity,fee_asset,fee_quantity,txid\n"
    sent = "2025-01-05T10:00:00Z,transfer_out,main,BTC,2,BTC,0.1,0xaa\n"
    came = "2025-02-05T10:00:00Z,transfer_in,vault,BTC,2,,,0xaa\n"
    twice = "2025-01-06T10:00:00Z,deposit,main,ETH,1,,,0xbb\n"
    with house(tmp_path, "broker") as one:
        made = one.settings("broker")
        sources = {
            name: made["sources"]["broker"] | {"path": f"{name}.csv"} for name in ("another", "broker")
        }
        one.write(made | {"sources": sources})
        (tmp_path / "another.csv").write_text(header + sent + twice)
        (tmp_path / "broker.csv").write_text(header + came + twice)
        recon(tmp_path, "pull", "--quiet")
        config = load(tmp_path / "recon.toml")
        with open_ledger(config.ledger_url, create=False) as ledger:
            found = agreed(config, ledger, part("2025-01"), "beancount", tmp_path)
            assert found["transit", "BTC"] == 2
            assert [place for place in found if place[1] == "ETH" and place[0].startswith("assets:")] == [
                ("assets:another:main", "ETH")
            ]
            every = agreed(config, ledger, EVER, "beancount", tmp_path)
            assert ("transit", "BTC") not in every
            assert every["assets:broker:vault", "BTC"] == 2


def test_the_same_ledger_gives_the_same_bytes(demo: tuple[Config, Ledger], tmp_path: Path) -> None:
    config, ledger = demo
    for name in ("journal-csv", "beancount", "hledger", "parquet"):
        first = [path.read_bytes() for path in export(config, ledger, EVER, name, tmp_path)]
        assert first == [path.read_bytes() for path in export(config, ledger, EVER, name, tmp_path)]
