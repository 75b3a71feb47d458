"""Whatever a finance team does and whatever comes meanwhile, their books and all that they signed hold together.

One machine plays both. Movements appear, are left out, misstated, told late and rewritten; people reconcile, close,
sign, open again and bridge, live with breaks and adjust; the program dies anywhere and is run again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from recon.cli._clock import SYSTEM
from recon.core.acts import same_person
from recon.core.errors import ConfigError
from recon.core.seals import REOPENED, Seal
from recon.demo.egera import Egera
from recon.demo.venues import serve
from recon.evidence.archive import sealed_bytes
from recon.ledger.acts import acts
from recon.ledger.rows import ActRow
from recon.pipeline import breaks_file
from recon.pipeline.adjust import Adjustment, Wanted, approve, draft, listed, reverse
from recon.pipeline.breaks_read import read
from recon.pipeline.bridge import bridge
from recon.pipeline.close import close, reopen, sign
from recon.pipeline.pack_proof import prove_pack
from recon.pipeline.rebuild import rebuild_into
from recon.pipeline.reconcile import Reconciled, reconcile
from recon.pipeline.register import Life, facts_of
from recon.pipeline.report import report_names, write_reports
from recon.pipeline.seals import seals
from recon.pipeline.session import Session
from recon.pipeline.verify import verify
from tests.laws._control import (
    ABOUT,
    CELLS,
    MONTHS,
    PERSON,
    Company,
    apart,
    balances_of,
    fates,
    place_of,
    postings,
    rolled,
)
from tests.laws._movements import AMOUNT, ASSETS, AT_FIRST, CHANGES, NUMBER, SOURCE, Change, moment
from tests.laws._schedules import FILES, Fate
from tests.laws.test_planted import FIXED


class Control(RuleBasedStateMachine):
    """One company's months."""

    make: Callable[[], Company]

    def __init__(self) -> None:
        super().__init__()
        self.before: list[ActRow] = []
        self.files: dict[Path, bytes] = {}
        self.book: Path | None = None
        self.then: dict[str, Life] = {}

    @initialize(some=AT_FIRST)
    def begin(self, some: list[Change]) -> None:
        self.company = type(self).make()
        self.pull(some, None, twice=False)

    @rule(some=CHANGES, fate=fates(1, 61) | fates(1, 6, FILES), twice=st.booleans())
    def pull(self, some: list[Change], fate: Fate | None, twice: bool) -> None:
        """Some rows are others than before. What is pulled once more changes nothing."""
        for one in some:
            self.company.change(one)
        assert self.company.pull(fate=fate).status == "ok"
        if twice:
            tallies = [one.tally for one in self.company.pull().streams]
            assert not any(one.new or one.changed or one.vanished for one in tallies)

    @rule(month=st.sampled_from([*MONTHS, "all", "all"]), fate=fates(1, 30), twice=st.booleans())
    def reconcile(self, month: str, fate: Fate | None, twice: bool) -> None:
        """Done once more it finds nothing new, and what people resolved stays so while it differs as it did."""
        then = self.company.lives()
        found = self.reconciled(month, fate)
        now = self.company.lives()
        if twice:
            self.reconciled(month, None)
            assert self.company.lives() == now
        for one in found.breaks:
            before, name = then.get(one.found.id), one.found.id
            assert one.status == now[name].status
            if before and before.status == "resolved":
                same = facts_of(before.facts)["difference"] == one.found.facts()["difference"]
                assert (one.status == "resolved") == same
        if month == "all":
            self.differences(found, now)

    def reconciled(self, month: str, fate: Fate | None) -> Reconciled:
        period = self.company.month(month)
        return self.company.command(lambda one: reconcile(one, period), fate=fate)

    def differences(self, found: Reconciled, now: dict[str, Life]) -> None:
        """What stands open of the whole is what was found; it is what the venues say more than the ledger holds."""
        standing = {name: life for name, life in now.items() if life.status != "cleared"}
        assert standing.keys() == {one.found.id for one in found.breaks}
        differ = apart([facts_of(life.facts) for life in standing.values()])
        assert {source: differ[source] for source in ASSETS} == {
            source: self.company.unexplained(source) for source in ASSETS
        }

    @precondition(lambda self: len(self.company.seals()) < len(MONTHS))
    @rule(fate=fates(20, 61), person=PERSON)
    def close(self, fate: Fate | None, person: str) -> None:
        """The next month, each thing that is open accepted with a reason."""
        every = self.company.seals()
        period = self.company.month(MONTHS[len(every)])

        def is_closed(session: Session) -> Seal | None:
            with session.ledger.transaction() as tx:
                return next((one for one in seals(tx) if one.period.name == period.name), None)

        found = self.company.command(lambda one: close(one, period, {}), person)
        if found.obstacles:
            assert {one.kind for one in found.obstacles} == {"break"}, found.obstacles
            accepted = {one.name: "known" for one in found.obstacles}
            self.company.command(lambda one: close(one, period, accepted), person, fate, is_closed)
        newest = self.company.seals()[-1]
        (path,) = (self.company.folder / "seals").glob(f"*-{newest.hash[:12]}.json")
        assert path not in self.files
        self.files[path] = path.read_bytes()
        self.roll_forwards()

    def roll_forwards(self) -> None:
        """Each month opens where the one before closed, and closes with its balances."""
        before: dict[tuple[str, str, str], Decimal] = {}
        for seal in self.company.seals():
            rows = rolled(seal.document)
            assert {place: row["opening"] for place, row in rows.items() if row["opening"]} == before
            before = {place: row["closing"] for place, row in rows.items() if row["closing"]}
            assert before == balances_of(seal.document)

    @precondition(lambda self: self.company.seals())
    @rule(number=NUMBER, person=PERSON, fate=fates(1, 20))
    def sign(self, number: int, person: str, fate: Fate | None) -> None:
        """A second person signs a month, once."""
        every = self.company.seals()
        one = every[number % len(every)]
        if any(same_person(person, other.person) for other in (one.by, *one.signed)):
            with pytest.raises(ConfigError):
                self.company.command(lambda session: sign(session, one.period), person)
            return

        def is_signed(session: Session) -> dict[str, Any] | None:
            with session.ledger.transaction() as tx:
                newest = seals(tx)[number % len(every)]
            return {} if len(newest.signed) > len(one.signed) else None

        self.company.command(lambda session: sign(session, one.period), person, fate, is_signed)
        assert self.company.seals()[number % len(every)].signed[-1].person == person

    @precondition(lambda self: self.company.seals())
    @rule(fate=fates(1, 20))
    def reopen(self, fate: Fate | None) -> None:
        """The newest month that is sealed."""
        before = self.company.seals()

        def is_open(session: Session) -> dict[str, Any] | None:
            with session.ledger.transaction() as tx:
                return {} if len(seals(tx)) < len(before) else None

        period = before[-1].period
        self.company.command(lambda one: reopen(one, period, "a law asks"), "Anna", fate, is_open)
        assert self.company.seals() == before[:-1]
        assert self.company.acts()[-1].act == REOPENED

    @precondition(lambda self: self.company.seals())
    @rule(number=NUMBER)
    def bridge(self, number: int) -> None:
        every = self.company.seals()
        self.bridged(every[number % len(every)])

    def bridged(self, seal: Seal) -> None:
        """What was sealed and what came late make up what would be said today, which is what the files say."""
        end = seal.period.end
        assert end
        with self.company.ledger() as ledger:
            found = bridge(self.company.config, ledger, seal.period)
        assert found.whole
        today = {(one.account, one.asset): one.today for one in found.spans}
        for source in ASSETS:
            said = self.company.said(source, end) + self.company.adjusted(source, end)
            assert today.get(place_of(source), 0) == said

    @precondition(lambda self: self.company.lives())
    @rule(number=NUMBER, what=st.sampled_from(sorted(ABOUT)), fate=fates(1, 15), person=PERSON)
    def about_a_break(self, number: int, what: str, fate: Fate | None, person: str) -> None:
        """One act is added, or none where the break is not in a fitting state."""
        known, then = self.company.lives(), len(self.company.acts())
        life = known[sorted(known)[number % len(known)]]
        do, statuses, after = ABOUT[what]

        def is_done(session: Session) -> bool | None:
            with session.ledger.transaction() as tx:
                return True if len(acts(tx)) > then else None

        if life.status not in statuses:
            with pytest.raises(ConfigError):
                self.company.command(lambda one: do(one, [life.id]), person)
            assert len(self.company.acts()) == then
            return
        self.company.command(lambda one: do(one, [life.id]), person, fate, is_done)
        new = self.company.acts()[then:]
        assert [(one.name, one.person) for one in new] == [(life.id, person)]
        waiting = "assigned" if life.owner else "open"
        assert self.company.lives()[life.id].status == {"same": life.status, "waiting": waiting}.get(
            after, after
        )

    @precondition(lambda self: self.company.lives())
    @rule()
    def export(self) -> None:
        self.book = self.company.export()
        self.then = self.company.lives()

    @precondition(lambda self: self.book is not None)
    @rule(number=NUMBER, cells=st.sampled_from(CELLS), fate=fates(1, 15))
    def take(self, number: int, cells: Mapping[str, str], fate: Fate | None) -> None:
        """A row is filled in. It is taken, or refused where its break has changed since; and never taken twice."""
        assert self.book
        name = sorted(self.then)[number % len(self.then)]
        sent = read(self.company.filled(self.book, name, cells))
        before = self.company.lives()
        judged = self.company.command(lambda one: breaks_file.take(one, sent), fate=fate)
        now = self.company.lives()
        assert {one for one in now if now[one] != before[one]} <= {name}
        if before[name] == self.then[name] and before[name].status in ("open", "assigned"):
            assert not judged.refused
            assert now[name].owner == cells.get("Owner", now[name].owner)
            assert now[name].status == cells.get("Status", now[name].status)
            notes = [facts_of(one.facts)["text"] for one in now[name].acts if one.act == "noted"]
            assert cells.get("Comment") in [*notes, None]
        if before[name].acts[len(self.then[name].acts) :] and before[name].acts[-1].person:
            assert now[name] == before[name]
        again = self.company.command(lambda one: breaks_file.take(one, sent))
        assert (again.deeds, self.company.lives()) == ([], now)

    @rule(source=SOURCE, number=NUMBER, amount=AMOUNT, fate=fates(1, 15))
    def draft(self, source: str, number: int, amount: int, fate: Fate | None) -> None:
        """What is dated where all is open is written down; nothing else is."""
        at = moment(number)
        known = self.company.adjustments()
        wanted = Wanted(source, at, postings(source, amount), "other", "a law asks")

        def is_done(session: Session) -> Adjustment | None:
            with session.ledger.transaction() as tx:
                return next((one for one in listed(tx) if one.id not in known), None)

        if at < self.company.horizon():
            with pytest.raises(ConfigError):
                self.company.command(lambda one: draft(one, wanted))
            assert self.company.adjustments() == known
            return
        self.company.command(lambda one: draft(one, wanted), "Anna", fate, is_done)
        assert len(self.company.adjustments()) == len(known) + 1

    @precondition(lambda self: self.company.adjustments())
    @rule(number=NUMBER, person=PERSON, fate=fates(1, 32))
    def approve(self, number: int, person: str, fate: Fate | None) -> None:
        """By another than who prepared it, once, and where all is open."""
        known = self.company.adjustments()
        one = list(known.values())[number % len(known)]

        def is_done(session: Session) -> Adjustment | None:
            with session.ledger.transaction() as tx:
                return next((each for each in listed(tx) if each.id == one.id and each.approved), None)

        first = known.get(one.draft.reverses or "")
        fits = one.approved is None and one.draft.at >= self.company.horizon()
        if same_person(person, one.prepared.person) or not fits or (first and first.state == "reversed"):
            with pytest.raises(ConfigError):
                self.company.command(lambda session: approve(session, one.id), person)
            return
        self.company.command(lambda session: approve(session, one.id), person, fate, is_done)
        assert self.company.adjustments()[one.id].state == "approved"

    @precondition(lambda self: any(one.approved for one in self.company.adjustments().values()))
    @rule(number=NUMBER, day=NUMBER)
    def reverse(self, number: int, day: int) -> None:
        """What was approved is taken back by a draft like any other, unless one waits for that already."""
        known = self.company.adjustments()
        every = [one for one in known.values() if one.approved]
        one, horizon = every[number % len(every)], self.company.horizon()
        later = known.get(one.reversed_by or "")
        taken = later and (later.approved or later.draft.at >= horizon)
        if taken or moment(day) < horizon:
            with pytest.raises(ConfigError):
                self.company.command(
                    lambda session: reverse(session, one.id, moment(day), "own_error", "back")
                )
            return
        self.company.command(lambda session: reverse(session, one.id, moment(day), "own_error", "back"))
        assert self.company.adjustments()[one.id].reversed_by not in (None, one.reversed_by)

    @invariant()
    def acts_only_grow_and_seals_stay(self) -> None:
        now = self.company.acts()
        assert now[: len(self.before)] == self.before
        self.before = now
        found = {path: path.read_bytes() for path in self.company.folder.glob("seals/*")}
        assert found == self.files

    @invariant()
    def the_ledger_holds_what_the_files_show(self) -> None:
        held = self.company.held()
        for source in ASSETS:
            assert held[place_of(source)] == self.company.said(source) + self.company.adjusted(source)

    def teardown(self) -> None:
        if hasattr(self, "company"):
            try:
                self.ends()
            finally:
                self.company.remove()

    def ends(self) -> None:
        """What was sealed is there to the letter; the ledger is proved, and follows from the evidence."""
        company = self.company
        self.reconcile("all", None, twice=False)
        for seal in company.seals():
            self.bridged(seal)
            out = company.folder / f"out-{seal.period.name}"
            with company.ledger() as ledger:
                write_reports(company.config, ledger, seal.period, report_names(), out, zipped=True)
            for name, digest in seal.document["reports"].items():
                assert hashlib.sha256((out / name).read_bytes()).hexdigest() == digest
            seal_file = out / f"seal-{seal.period.name}.json"
            assert prove_pack(out / f"audit-{seal.period.name}", [seal_file], SYSTEM.monotonic).problems == []
        for text in self.files.values():
            for digest in json.loads(text)["reports"].values():
                assert hashlib.sha256(sealed_bytes(company.config.evidence, digest)).hexdigest() == digest
        again = f"sqlite:///{company.folder / 'again.db'}"
        assert rebuild_into(company.config, again, lambda text: None, explain=False).same
        with company.ledger() as ledger:
            assert verify(ledger, company.config.evidence).problems == []


STEPS = 12
EXAMPLES = settings.default.max_examples if settings.default else 100
pytestmark = pytest.mark.timeout(max(300, EXAMPLES))


def run(make: Callable[[], Company], share: int) -> None:
    """Tries whole lives of a company: the profile's number of examples, divided by ``share``."""
    here = type("Control", (Control,), {"make": staticmethod(make)})
    tried = settings(max_examples=max(1, EXAMPLES // share), stateful_step_count=STEPS, derandomize=FIXED)
    run_state_machine_as_test(here, settings=tried)


@pytest.fixture(scope="module")
def venue() -> Iterator[tuple[Egera, str]]:
    """One venue for all lives."""
    found = Egera({})
    with serve(found) as address:
        yield found, address


def test_whatever_is_done_the_books_hold(venue: tuple[Egera, str]) -> None:
    run(lambda: Company("sqlite:///recon.db", *venue), share=80)


@pytest.mark.postgres
def test_on_postgresql_too(postgres_server: str, venue: tuple[Egera, str]) -> None:
    names = count()
    place = f"host={quote(postgres_server, safe='')}"
    with psycopg.connect(f"host={postgres_server} user=postgres dbname=postgres", autocommit=True) as server:

        def made() -> Company:
            """With an empty database of its own."""
            name = f"control{next(names)}"
            server.execute(f"CREATE DATABASE {name}".encode())
            return Company(f"postgresql+psycopg://postgres@/{name}?{place}", *venue)

        run(made, share=400)
