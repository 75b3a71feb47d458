"""Laws of closing: whatever comes before and after, sealed figures and late items make up what would be said today."""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from recon.cli._clock import SYSTEM
from recon.core.acts import Who
from recon.core.money import exact, parse, total
from recon.core.seals import Seal
from recon.core.times import period
from recon.ledger.reads import ledger_head
from recon.ledger.store import open_ledger
from recon.pipeline.bridge import bridge
from recon.pipeline.close import Closed, close, reopen
from recon.pipeline.config import Config, load
from recon.pipeline.pull import pull
from recon.pipeline.rebuild import rebuild_into
from recon.pipeline.report import report_names, write_reports
from recon.pipeline.seals import seals
from recon.pipeline.session import Session, writing
from recon.pipeline.verify import verify
from tests.contract.house import toml

FEW = settings(max_examples=max(3, settings().max_examples // 40))
MONTHS = ("2025-01", "2025-02", "2025-03")
FIRST = "2025-01-01T12:00:00Z,deposit,main,BTC,1000,,first"
SETTINGS = {
    "entity": {"name": "Laws", "timezone": "UTC", "base_currency": "PLN"},
    "ledger": {"url": "sqlite:///recon.db"},
    "evidence": {"path": "evidence"},
    "sources": {"broker": {"kind": "csv", "path": "*.csv"}},
}
Rows = dict[int, tuple[int, int]]
"""What the file holds: the day and the amount of each row, by its id."""


class Step(NamedTuple):
    """``rows``: the file becomes this, and is pulled; else the next month is closed, or the newest opened again."""

    rows: Rows | None
    opens: bool = False


ROWS = st.dictionaries(
    st.integers(0, 3), st.tuples(st.integers(2, 80), st.integers(-9, 9).filter(bool)), max_size=4
)
STEPS = st.one_of(
    ROWS.map(Step), ROWS.map(Step), st.just(Step(None)), st.just(Step(None)), st.just(Step(None, opens=True))
)


def text_of(rows: Rows) -> str:
    lines = ["timestamp,kind,account,asset,quantity,balance_after,id", FIRST]
    for name, (day, amount) in rows.items():
        month, rest = divmod(day, 28)
        kind = "deposit" if amount > 0 else "withdrawal"
        lines.append(f"2025-{month + 1:02}-{rest + 1:02}T09:00:00Z,{kind},main,BTC,{abs(amount)},,{name}")
    return "\n".join(lines) + "\n"


@contextmanager
def session(config: Config, who: str = "Anna") -> Iterator[Session]:
    with writing(config, SYSTEM, "law", Who("law", who)) as opened:
        yield opened


def pulled(config: Config, rows: Rows) -> None:
    (config.folder / "rows.csv").write_text(text_of(rows))
    with session(config) as one:
        pull(config, one.ledger, one.archive, one.clock, one.run)


def standing(config: Config) -> list[Seal]:
    with open_ledger(config.ledger_url, create=False) as ledger, ledger.transaction() as tx:
        return seals(tx)


def closed(config: Config, name: str) -> Closed:
    """Closes a month, all that is open accepted."""
    asked = period(name, ZoneInfo("UTC"), SYSTEM.now())
    with session(config) as one:
        found = close(one, asked, {})
        if found.obstacles:
            assert {each.kind for each in found.obstacles} == {"break"}
            found = close(one, asked, {each.name: "accepted" for each in found.obstacles})
    assert found.document
    return found


def reports(config: Config, name: str, out: Path) -> dict[str, str]:
    asked = period(name, ZoneInfo("UTC"), SYSTEM.now())
    with open_ledger(config.ledger_url, create=False) as ledger:
        write_reports(config, ledger, asked, report_names(), out, zipped=True)
    names = [f"accountant-{name}.xlsx", f"audit-{name}.zip", f"audit-{name}/manifest.sha256"]
    names += [f"confirmation-{name}.xlsx", f"confirmation-{name}.html"]
    return {one: hashlib.sha256((out / one).read_bytes()).hexdigest() for one in names}


def said_today(rows: Rows, months: int) -> Decimal:
    """What the file as it is now says was held after so many months."""
    with exact():
        return 1000 + total(Decimal(amount) for day, amount in rows.values() if day // 28 < months)


def hold(config: Config, rows: Rows) -> None:
    """The laws of every sealed month."""
    for number, seal in enumerate(standing(config), start=1):
        with open_ledger(config.ledger_url, create=False) as ledger:
            found = bridge(config, ledger, seal.period)
        assert found.whole
        spans = {(one.account, one.asset): one for one in found.spans}
        place = spans["assets:broker:main", "BTC"]
        sealed = {(one["account"], one["asset"]): parse(one["quantity"]) for one in seal.document["balances"]}
        with exact():
            assert (
                sealed["assets:broker:main", "BTC"] + total(one.quantity for one in place.items)
                == place.today
            )
            assert total(one.today for one in found.spans) == 0
        assert place.today == said_today(rows, number)


@FEW
@given(rows=ROWS, steps=st.lists(STEPS, min_size=1, max_size=6))
@example(rows={1: (5, 3)}, steps=[Step(None), Step({1: (6, 4), 2: (7, -1)}), Step(None), Step({2: (40, 1)})])
@example(rows={}, steps=[Step(None), Step({1: (5, 3)}), Step(None, opens=True), Step({}), Step(None)])
def test_sealed_figures_and_late_items_make_up_what_would_be_said_today(
    rows: Rows, steps: Sequence[Step]
) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        folder = Path(place)
        (folder / "recon.toml").write_text("\n".join(toml(SETTINGS)))
        config = load(folder / "recon.toml")
        pulled(config, rows)
        files: dict[str, dict[str, str]] = {}
        for step in steps:
            every = standing(config)
            if step.rows is not None:
                rows = step.rows
                pulled(config, rows)
            elif step.opens and every:
                with session(config, "Bert") as one:
                    reopen(one, every[-1].period, "a law asks")
            elif len(every) < len(MONTHS):
                name = MONTHS[len(every)]
                files[name] = dict(closed(config, name).document["reports"])
            hold(config, rows)
        for seal in standing(config):
            assert reports(config, seal.period.name, folder / "out") == files[seal.period.name]
        again = rebuild_into(config, "sqlite:///again.db", lambda text: None, explain=False)
        assert again.same
        for url in (config.ledger_url, f"sqlite:///{folder / 'again.db'}"):
            with open_ledger(url, create=False) as ledger:
                assert verify(ledger, config.evidence).ok
                with ledger.transaction() as tx:
                    assert ledger_head(tx) == again.rebuilt.head
