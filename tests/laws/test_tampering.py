"""Whatever is altered in evidence, ledger or seals is found by a verification, or means nothing."""

import gzip
import json
import shutil
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from hypothesis import settings

from recon.core.acts import Who
from recon.core.canonical import write_json
from recon.core.records import Posting
from recon.core.times import period
from recon.evidence.archive import RUNS
from recon.ledger.acts import acts
from recon.ledger.digest import dump
from recon.ledger.store import open_ledger
from recon.pipeline.adjust import Wanted, approve, draft
from recon.pipeline.books import books
from recon.pipeline.breaks import note
from recon.pipeline.clock import Clock
from recon.pipeline.close import close, sign
from recon.pipeline.config import Config, load
from recon.pipeline.coverage import certify
from recon.pipeline.proof import Proved, prove
from recon.pipeline.pull import pull
from recon.pipeline.rebuild import rebuild_into
from recon.pipeline.reconcile import reconcile
from recon.pipeline.register import lives
from recon.pipeline.session import writing
from tests.contract.house import VENUES, House, house
from tests.fixtures_pg import postgres_server
from tests.laws._tampering import (
    CHAINED,
    PLACES,
    WAYS,
    Nothing,
    chain_again,
    exchange,
    forget_closes,
    rechain,
    tamper,
    unguarded,
)

__all__ = ["postgres_server"]
ANNA, BERT = Who("svc", "Anna"), Who("svc", "Bert")
HEADER = "timestamp,kind,asset,quantity,balance_after,id\n"
EXAMPLES = settings.default.max_examples if settings.default else 100
SOAK = EXAMPLES >= 20_000
EDITS = 1_000 if SOAK else 24
EVERY = [(way, place) for place in PLACES for way in WAYS if way != "re-chain" or place in CHAINED]
pytestmark = pytest.mark.timeout(7_200 if SOAK else 600)


class _Time:
    """A clock that goes on by a second whenever it is looked at."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, monotonic=lambda: 0.0, sleep=lambda seconds: None)


def make(folder: Path, url: str = "sqlite:///recon.db") -> Config:
    """A company that pulled twice, reconciled, wrote a note, adjusted its books, and closed two periods."""
    time = _Time().clock
    with house(folder, *VENUES, "broker") as made:
        (folder / "broker").mkdir()
        (folder / "broker" / "a.csv").write_text(f"{HEADER}2025-02-10T10:00:07Z,deposit,BTC,0.25,0.5,x\n")
        made.write(made.settings(*VENUES, "broker") | {"ledger": {"url": url}})
        config = load(folder / "recon.toml")
        _pull(config, time)
        with writing(config, time, "reconcile") as session:
            reconcile(session, period("2025-Q1", config.zone, time.now()))
        with writing(config, time, "breaks note", ANNA) as session:
            with session.ledger.transaction() as tx:
                (opened,) = (one.name for one in acts(tx, "break"))
            note(session, [opened], "asked the bank")
        _adjust(config, time, opened)
        _close(config, time, "2025-01")
        _change(made)
        _pull(config, time)
        _close(config, time, "2025-02")
    return config


def _pull(config: Config, time: Clock) -> None:
    with writing(config, time, "pull") as session:
        assert pull(config, session.ledger, session.archive, time, session.run).status == "ok"


def _adjust(config: Config, time: Clock, about: str) -> None:
    """One drafts an entry that rests on a letter, another approves it."""
    letter = config.folder / "letter.txt"
    letter.write_text("A quarter was there before.")
    postings = tuple(
        Posting(account, "BTC", Decimal(quantity))
        for account, quantity in (("assets:broker:main", "0.25"), ("adjustments", "-0.25"))
    )
    at = datetime(2025, 2, 10, tzinfo=UTC)
    wanted = Wanted("broker", at, postings, "missing_row", "by their letter", about, [letter])
    with writing(config, time, "adjust draft", ANNA) as session:
        drafted = draft(session, wanted)
    with writing(config, time, "adjust approve", BERT) as session:
        approve(session, drafted.id)


def _change(made: House) -> None:
    made.egera.books["deposits"]["btc"][1]["state"] = "1"
    del made.fuse.books["history"][0]


def _close(config: Config, time: Clock, month: str) -> None:
    """Closes a month, whatever is open accepted, and has another sign it."""
    asked = period(month, config.zone, time.now())
    with writing(config, time, "close", ANNA) as session:
        found = close(session, asked, {})
        if found.obstacles:
            found = close(session, asked, {one.name: "known" for one in found.obstacles})
        assert found.path, found.obstacles
    with writing(config, time, "sign", BERT) as session:
        sign(session, asked)


def files(folder: Path) -> list[Path]:
    """The files of the seals, oldest first."""
    return sorted((folder / "seals").glob("*.json"))


def proved(config: Config, **options: Any) -> Proved:
    with open_ledger(config.ledger_url, create=False) as ledger:
        return prove(config, ledger, lambda: 0.0, **options)


def meaning(config: Config) -> list[str]:
    """All that is told to people: rows, entries, acts, certificates, breaks, and what the reports say."""
    asked = period("2025-Q1", config.zone, datetime(2026, 6, 1, tzinfo=UTC))
    with open_ledger(config.ledger_url, create=False) as ledger:
        with ledger.transaction() as tx:
            told = [
                *dump(tx),
                repr(lives(acts(tx, "break"))),
                repr(acts(tx, "period")),
                str(certify(tx, config, asked)),
            ]
        with books(config, ledger, asked) as content:
            rows = [content.transactions, content.postings, content.gains, content.open_lots]
            plain = replace(content, transactions=[], postings=[], gains=[], open_lots=[])
            return [*told, repr((plain, *map(list, rows))).replace(str(config.folder), "")]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    make(folder)
    return folder


def copied(sound: Path, target: Path) -> Config:
    """The folder again."""
    shutil.copytree(sound, target)
    return load(target / "recon.toml")


def test_a_sound_company_is_proved_and_every_part_is_told(sound: Path, tmp_path: Path) -> None:
    config = copied(sound, tmp_path / "copy")
    found = proved(config, files=files(config.folder))
    assert found.problems == []
    assert {one.what: one.count for one in found.parts}["seals"] == 2
    assert all(one.count for one in found.parts)
    assert not any(one.left_out for one in found.parts)


def test_what_is_altered_is_found_or_means_nothing(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = Random(5)
    tried: Counter[tuple[str, str]] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    silent: list[str] = []
    truth = meaning(copied(sound, tmp_path / "truth"))
    order = [EVERY[number % len(EVERY)] for number in range(EDITS)] if SOAK else chance.sample(EVERY, EDITS)
    for number, (way, place) in enumerate(order):
        folder = tmp_path / str(number)
        config = copied(sound, folder)
        edit = _some_edit(folder, config, way, place, chance)
        if edit:
            tried[way, place] += 1
            if proved(config).ok:
                silent.append(edit)
                assert meaning(config) == truth, edit
            else:
                found[way, place] += 1
        shutil.rmtree(folder)
    assert found.total() > tried.total() * 0.8, silent
    if SOAK:
        with capsys.disabled():
            sys.stdout.write(_table(tried, found, silent))


def _some_edit(folder: Path, config: Config, way: str, place: str, chance: Random) -> str:
    """An edit that can be made; empty where none of some could."""
    for _ in range(20):
        try:
            return tamper(folder, config.ledger_url, way, place, chance)
        except Nothing:
            continue
    return ""


def _table(tried: Counter[tuple[str, str]], found: Counter[tuple[str, str]], silent: list[str]) -> str:
    """Way by place, how many were found of those that were tried."""
    lines = ["", f"{'':14}" + "".join(f"{way:>10}" for way in WAYS)]
    for place in PLACES:
        cells = [f"{found[way, place]}/{tried[way, place]}" if tried[way, place] else "-" for way in WAYS]
        lines.append(f"{place:14}" + "".join(f"{cell:>10}" for cell in cells))
    lines.append(f"{found.total()} of {tried.total()} found; the others mean nothing:")
    return "\n".join([*lines, *(f"  {one}" for one in silent), ""])


def test_who_makes_every_chain_again_is_found_by_a_seal_kept_elsewhere(sound: Path, tmp_path: Path) -> None:
    kept = files(sound)
    config = copied(sound, tmp_path / "copy")
    bodies = sorted(config.evidence.glob("*/*.gz"))
    [body] = [path for path in bodies if b"timestamp,kind" in gzip.decompress(path.read_bytes())]
    exchange(config.evidence, body, f"{HEADER}2025-02-10T10:00:07Z,deposit,BTC,9,,x\n".encode())
    forget_closes(config.evidence)
    assert not proved(config).ok
    rebuild_into(config, "sqlite:///again.db", lambda text: None, explain=False)
    for end in ("", "-wal", "-shm"):
        (config.folder / f"recon.db{end}").unlink(missing_ok=True)
    (config.folder / "again.db").rename(config.folder / "recon.db")
    for month in ("2025-01", "2025-02"):
        _close(config, _Time().clock, month)
    assert proved(config).problems == []
    told = proved(config, files=kept)
    assert {place for _, place, _ in told.problems} == {str(path) for path in kept}
    assert proved(copied(sound, tmp_path / "sound"), files=kept).ok


@pytest.mark.parametrize("edit", [{"run": 10}, {"run": "9"}, {"run": None}, {"more": "x"}])
def test_a_note_of_a_run_cannot_be_another(sound: Path, tmp_path: Path, edit: dict[str, Any]) -> None:
    config = copied(sound, tmp_path / "copy")
    path = config.evidence / RUNS
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    lines[-2] |= edit
    rechain(lines)
    path.write_text("".join(write_json(line) + "\n" for line in lines))
    assert proved(config).problems[0][1] in (f"{RUNS}:9", f"{RUNS}:10")


def test_what_the_ledger_tells_of_a_sealed_period_is_held_against_the_evidence(
    sound: Path, tmp_path: Path
) -> None:
    config = copied(sound, tmp_path / "copy")
    with unguarded(config.ledger_url) as connection:
        other = (
            "UPDATE acts SET person = 'Carla', facts = replace(facts, 'Bert', 'Carla') WHERE act = 'signed'"
        )
        connection.exec_driver_sql(other)
        chain_again(connection)
    told = [text for _, place, text in proved(config).problems if place == "seals"]
    assert sum("is not what line" in text for text in told) == 2, told


def test_since_a_seal_nothing_before_it_is_hashed_again(sound: Path, tmp_path: Path) -> None:
    config = copied(sound, tmp_path / "copy")
    first, second = (json.loads(path.read_bytes())["seal"] for path in files(sound))
    assert proved(config, since=first[:8]).ok
    quantity = "UPDATE postings SET quantity = '7' WHERE entry_id = 1"
    with unguarded(config.ledger_url) as connection:
        connection.exec_driver_sql(quantity)
    assert not proved(config).ok
    found = proved(config, since=second)
    assert found.ok
    assert [one.left_out for one in found.parts if one.what.startswith("every answer")] == [
        "with --since nothing is posted again"
    ]


@pytest.mark.postgres
def test_on_a_server_edits_are_found_too(tmp_path: Path, postgres_server: str) -> None:
    with psycopg.connect(f"host={postgres_server} user=postgres dbname=postgres", autocommit=True) as server:
        server.execute("CREATE DATABASE tampered")
        url = f"postgresql+psycopg://postgres@/tampered?host={postgres_server}"
        config = make(tmp_path, url)
        assert proved(config).problems == []
        chance = Random(6)
        for number, (way, place) in enumerate(
            [
                ("change", "records"),
                ("drop", "links"),
                ("insert", "entries"),
                ("reorder", "readings"),
                ("cut", "acts"),
                ("re-chain", "postings"),
            ]
        ):
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'tampered'"
            )
            server.execute(f"CREATE DATABASE edit{number} TEMPLATE tampered".encode())
            edited = replace(config, ledger_url=url.replace("/tampered?", f"/edit{number}?"))
            edit = _some_edit(tmp_path, edited, way, place, chance)
            assert not edit or not proved(edited).ok, edit
            server.execute(f"DROP DATABASE edit{number} WITH (FORCE)".encode())
        server.execute("DROP DATABASE tampered WITH (FORCE)")
