"""Laws of closed years: whatever comes after the seal, the answer stays; the seal and what came late make up today."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon.cli._clock import SYSTEM
from recon.core.acts import Who
from recon.core.times import Period, period
from recon.ledger.store import open_ledger
from recon.pipeline.bridge import bridge
from recon.pipeline.bridge_gains import Figures
from recon.pipeline.close import close
from recon.pipeline.config import Config, load
from recon.pipeline.pull import pull
from recon.pipeline.rebuild import rebuild_into
from recon.pipeline.reconcile import reconcile
from recon.pipeline.session import Session, writing
from recon.pipeline.tax import reckoned, tax, wanted
from recon.pipeline.taxed import row_facts, summary
from tests.contract.house import toml

FEW = settings(max_examples=max(3, settings().max_examples // 60))
LAWS = (("generic", None), ("generic", "average"), ("pl", None))
YEAR = 2025
SETTINGS = {
    "entity": {"name": "Laws", "timezone": "Europe/Warsaw", "base_currency": "PLN"},
    "ledger": {"url": "sqlite:///recon.db"},
    "evidence": {"path": "evidence"},
    "sources": {name: {"kind": "csv", "path": f"{name}.csv"} for name in ("here", "there")},
    "prices": {"sources": ["trades"]},
}
HEADER = "timestamp,kind,account,asset,quantity,quote_asset,quote_quantity,txid,id"
FIRST = "2025-10-01T12:00:00Z,buy,main,BTC,1000,PLN,7000,,first"


class Row(NamedTuple):
    """What happens on a day from November on; of a move, that it is sent here and how long it is on its way."""

    day: int
    kind: str
    units: int
    worth: int


Rows = dict[int, Row]
ROW = st.builds(
    Row, st.integers(0, 99), st.sampled_from(("buy", "sell", "income", "move")), st.integers(1, 9), st.integers(1, 99)
)  # fmt: skip
ROWS = st.dictionaries(st.integers(0, 3), ROW, max_size=4)


def at(day: int) -> str:
    month, rest = divmod(day, 28)
    return f"{2025 + (month + 10) // 12}-{(month + 10) % 12 + 1:02}-{rest + 1:02}T09:00:00Z"


def pulled(config: Config, rows: Rows) -> None:
    files: dict[str, list[str]] = {"here": [HEADER, FIRST], "there": [HEADER]}
    for number, (day, kind, units, worth) in rows.items():
        line = f"{at(day)},{kind},main,BTC,{units},PLN,{worth},,{number}"
        if kind == "income":
            line = f"{at(day)},{kind},main,BTC,{units},,,,{number}"
        elif kind == "move":
            line = f"{at(day)},transfer_out,main,BTC,{units},,,0xa{number},{number}"
            arrived = at(day + worth % 3)
            files["there"].append(f"{arrived},transfer_in,main,BTC,{units},,,0xa{number},{number}")
        files["here"].append(line)
    for name, lines in files.items():
        (config.folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    with session(config) as one:
        found = pull(config, one.ledger, one.archive, one.clock, one.run)
    assert found.status == "ok", found.facts()


@contextmanager
def session(config: Config) -> Iterator[Session]:
    with writing(config, SYSTEM, "law", Who("law", "Anna")) as opened:
        yield opened


def closed(config: Config, asked: Period) -> None:
    """Closes a period, all that is open accepted."""
    with session(config) as one:
        found = close(one, asked, {})
        if found.obstacles:
            assert {each.kind for each in found.obstacles} == {"break"}
            found = close(one, asked, {each.name: "accepted" for each in found.obstacles})
        assert found.document


def answers(config: Config, url: str) -> list[str]:
    """What is said of the year by each law, to the byte."""
    told = []
    with open_ledger(url, create=False) as ledger:
        for rules, method in LAWS:
            with tax(config, ledger, wanted(YEAR, rules, method, None)) as found:
                rows = [row_facts(row) for row in found.rows]
                told.append(json.dumps([found.head(), rows, summary(found)], indent=1))
    return told


def hold(config: Config, asked: Period, sealed: Sequence[str]) -> None:
    """The laws of the bridge."""
    wants = [wanted(0, rules, method, None) for rules, method in LAWS]
    with open_ledger(config.ledger_url, create=False) as ledger:
        found = bridge(config, ledger, asked, wants)
        assert found.whole, found.facts()
        assert found.gains and len(found.gains) == len(LAWS)
        for one, answer in zip(found.gains, sealed, strict=True):
            assert one.closed and one.want.year == YEAR
            steps = [one.sealed.figures, *(effect.moved for effect in one.effects)]
            assert Figures(*map(sum, zip(*steps, strict=True))) == one.today.figures
            said = json.loads(answer)[2]
            if one.want.rules.lots:
                facts = one.sealed.figures.facts()
                assert {name: said[name] for name in facts if name in said} | {
                    "income": facts["income"]
                } == facts
            assert {line["value"] for line in said["forms"]} == {line.value for line in one.sealed.forms}
            with reckoned(config, ledger, one.want, None) as today:
                for _ in today.rows:
                    pass
                assert today.lines() == one.today.forms


@FEW
@given(before=ROWS, after=st.lists(st.tuples(ROWS, st.booleans()), min_size=1, max_size=2))
@example(
    before={1: Row(3, "buy", 2, 50), 2: Row(40, "sell", 3, 90)},
    after=[
        ({1: Row(3, "buy", 2, 60), 2: Row(41, "sell", 3, 90), 3: Row(5, "income", 4, 1)}, False),
        ({2: Row(41, "sell", 4, 80), 3: Row(70, "buy", 9, 99)}, True),
    ],
)
@example(
    before={1: Row(55, "move", 2, 2)}, after=[({1: Row(54, "move", 2, 2), 2: Row(50, "sell", 5, 9)}, True)]
)
def test_a_closed_year_stays_to_the_byte_and_what_came_late_makes_up_the_rest(
    before: Rows, after: Sequence[tuple[Rows, bool]]
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        folder = Path(place)
        (folder / "recon.toml").write_text("\n".join(toml(SETTINGS)))
        config = load(folder / "recon.toml")
        asked = period(str(YEAR), ZoneInfo("Europe/Warsaw"), SYSTEM.now())
        pulled(config, before)
        open_year = answers(config, config.ledger_url)
        closed(config, asked)
        sealed = answers(config, config.ledger_url)
        for one, other in zip(open_year, sealed, strict=True):
            assert json.loads(one)[1:] == json.loads(other)[1:]
            assert json.loads(other)[0]["as_of"]["period"] == str(YEAR)
        for rows, looked_at in after:
            pulled(config, rows)
            if looked_at:
                with session(config) as opened:
                    reconcile(opened, asked)
            assert answers(config, config.ledger_url) == sealed
        hold(config, asked, sealed)
        again = f"sqlite:///{folder / 'again.db'}"
        assert rebuild_into(config, again, lambda text: None, explain=False).same
        assert answers(config, again) == sealed
