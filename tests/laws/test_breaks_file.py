"""A workbook of breaks, whatever was done to it: each row is taken exactly as it stands or refused, and only once."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recon.core.acts import Deed
from recon.core.breaks import Break, Diagnosis
from recon.core.canonical import sha256, write_json
from recon.core.reasons import PROVEN, REASONS
from recon.ledger.rows import ActRow
from recon.pipeline.breaks import Listed, Register
from recon.pipeline.breaks_edit import Cells, Edit, Judged, cells_of, edit, explanation
from recon.pipeline.breaks_file import judge
from recon.pipeline.breaks_read import Cell, Row, Sent
from recon.pipeline.breaks_sheet import FIELDS, ID, KEPT, Entry, form
from recon.pipeline.config import Config, load
from recon.pipeline.register import Life, facts_of, lives
from tests.contract.house import toml

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANNA, BEN, PROGRAM = ("system", "Anna"), ("system", "Ben"), ("", "")
DAYS = (None, date(2027, 1, 1), date(2025, 6, 30))
WORDS = st.sampled_from(["", "", "one", "two\nlines", "<r>=1</r>", "_x0041_", "a\u202eb"])
CELLS = st.builds(
    Cells,
    status=st.sampled_from(["open", "assigned", "resolved"]),
    reason=st.sampled_from(["", "timing", "other", "network_fee"]),
    owner=st.sampled_from(["", "Ben", "Cem"]),
    due=st.sampled_from(DAYS),
    comment=WORDS,
    resolution=WORDS,
)
WHOLE = (
    Cells("resolved", "other", "", None, "", "one"),
    Cells("resolved", "network_fee", "Ben", None, "two\nlines", "one"),
    Cells("open", "timing", "", DAYS[1], "", "_x0041_"),
    Cells("assigned", "", "Ben", None, "<r>=1</r>", ""),
    Cells("assigned", "timing", "Cem", DAYS[2], "one", "two\nlines"),
)
"""Cells that make sense together."""


class Long(str):
    """More than a cell holds, told in a word where an example is shown."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "LONG"


LONG = Long("x" * 40_000)
BAD: Mapping[str, Sequence[Any]] = {
    "status": ["closed", 1, True],
    "reason": ["because", 7],
    "owner": [5],
    "due": ["soon", "2025-13-01", 45000, datetime(2027, 1, 1, 5)],  # noqa: DTZ001
    "comment": [1, date(2027, 1, 1), LONG],
    "resolution": [False],
}
Steps = list[tuple[str, Any]]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("config") / "recon.toml"
    settings = {
        "entity": {"name": "Example", "timezone": "Europe/Warsaw", "base_currency": "PLN"},
        "ledger": {"url": "sqlite:///recon.db"},
        "evidence": {"path": "evidence"},
        "sources": {"broker": {"kind": "csv", "path": "*.csv"}},
    }
    path.write_text("\n".join(toml(settings)))
    return load(path)


class Acts:
    """The table of acts, in memory."""

    def __init__(self) -> None:
        self.rows: list[ActRow] = []

    def add(self, name: str, who: tuple[str, str], act: str, facts: Mapping[str, Any]) -> None:
        number = len(self.rows) + 1
        told = (
            number,
            1,
            NOW + timedelta(seconds=number),
            "break",
            name,
            act,
            *who,
            write_json(dict(facts)),
            None,
        )
        self.rows.append(ActRow(*told, sha256(repr(told).encode())))

    def found(self, number: int, act: str, difference: str, text: str = "as it is") -> str:
        """What the checks say of a break."""
        one = Break(
            check="closing_balance",
            severity="error",
            anchor=str(number),
            diagnosis=Diagnosis(kind="unexplained", text=text),
            source="broker",
            asset="BTC",
            at=NOW,
            expected=Decimal(3),
            actual=Decimal(3) + Decimal(difference),
            difference=Decimal(difference),
        )
        self.add(one.id, PROGRAM, act, {"break": one.facts(), "period": "all"})
        return one.id

    def deeds(self, who: tuple[str, str], deeds: Sequence[Deed]) -> None:
        for deed in deeds:
            self.add(deed.name, who, deed.act, deed.facts)

    def lives(self) -> dict[str, Life]:
        return lives(self.rows)


def lived(acts: Acts, name: str, steps: Sequence[Cells], *, proven: bool) -> None:
    """A life before the workbook: what people filled in earlier, as far as it could be taken."""
    for wanted in steps:
        life = acts.lives()[name]
        evidence = [{"name": "a", "sha256": "b"}] if proven else explanation(life).get("evidence", ())
        done = edit(cells_of(life), wanted, evidence)
        if isinstance(done, Edit):
            acts.deeds(BEN, [Deed("break", name, act, facts) for act, facts in done.acts])


def sent(config: Config, acts: Acts) -> Sent:
    """The workbook as it is written, read without a file between."""
    found = [
        Listed(life=life, facts=facts_of(life.facts), age_days=40, overdue=False, value=Decimal("0.005"))
        for life in acts.lives().values()
    ]
    made = form(config, Register(breaks=found, currency="PLN"), ["Ben"], acts.rows[-1].hash, NOW)
    assert made.kept_in == KEPT
    titles = [one.title for one in made.columns]
    rows = [
        Row(
            number=number,
            cells={title: Cell(f"{title}{number}", cell) for title, cell in zip(titles, line, strict=True)},
        )
        for number, line in enumerate(made.rows, 5)
    ]
    entries = [
        Entry(name, int(version), token, digests.split()) for name, version, token, digests in made.kept[1:]
    ]
    return Sent(file=made.kept[0][1], kept={one.name: one for one in entries}, rows=rows)


def filled(row: Row, cells: Mapping[str, Any]) -> Row:
    changed = {FIELDS[name]: row.cells[FIELDS[name]]._replace(value=value) for name, value in cells.items()}
    return Row(number=row.number, cells={**row.cells, **changed})


def asked(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Due dates come as a workbook holds them."""
    due = cells.get("due")
    return {**cells, **({"due": datetime(due.year, due.month, due.day)} if type(due) is date else {})}  # noqa: DTZ001


@st.composite
def edits_of_a_row(draw: st.DrawFn) -> dict[str, Any]:
    """Some cells as somebody means them, and now and then one that holds what it cannot."""
    whole = draw(st.sampled_from([*WHOLE, None])) or draw(CELLS)
    fields = draw(
        st.sampled_from([tuple(FIELDS), tuple(FIELDS), ("owner",), ("comment",), ("status", "comment")])
    )
    found = {name: getattr(whole, name) for name in fields}
    if draw(st.integers(0, 9)) == 9:
        name = draw(st.sampled_from(list(BAD)))
        found[name] = draw(st.sampled_from(BAD[name]))
    return found


MEANWHILE = st.sampled_from(["nothing", "nothing", "nothing", "again", "worded", "moved", "noted", "cleared"])
BREAK = st.tuples(
    st.lists(st.sampled_from(WHOLE) | CELLS, max_size=3),
    st.booleans(),
    st.one_of(edits_of_a_row(), edits_of_a_row(), st.just({})),
    MEANWHILE,
)


def happen(acts: Acts, number: int, name: str, what: str) -> None:
    """Something between the export and the import."""
    if what == "noted":
        acts.add(name, BEN, "noted", {"text": "mine"})
    elif what != "nothing":
        word = "cleared" if what == "cleared" else "changed"
        text = "in other words" if what == "worded" else "as it is"
        acts.found(number, word, "2" if what == "moved" else "1", text)


@given(st.lists(BREAK, min_size=1, max_size=4))
def test_a_row_is_taken_exactly_or_refused_and_never_twice(config: Config, drawn: list[Any]) -> None:
    acts = Acts()
    names = [acts.found(number, "opened", "1") for number in range(len(drawn))]
    for name, (steps, proven, _, _) in zip(names, drawn, strict=True):
        lived(acts, name, steps, proven=proven)
    exported = sent(config, acts)
    then = acts.lives()
    for number, (name, (_, _, _, meanwhile)) in enumerate(zip(names, drawn, strict=True)):
        happen(acts, number, name, meanwhile)
    plain = judge(acts.lives(), exported)
    assert (plain.deeds, plain.applied, plain.refused, plain.unchanged) == ([], [], [], len(names))
    order = {row.word(ID): row for row in exported.rows}
    edits = {name: asked(one[2]) for name, one in zip(names, drawn, strict=True)}
    back = Sent(
        file=exported.file, kept=exported.kept, rows=[filled(order[name], edits[name]) for name in names]
    )
    now = acts.lives()
    judged = judge(now, back)
    assert {one.name for one in judged.deeds} == {one.name for one in judged.applied}
    acts.deeds(ANNA, judged.deeds)
    refused = {one.name for one in judged.refused}
    for name, (_, _, _, meanwhile) in zip(names, drawn, strict=True):
        exact(name, then[name], now[name], acts.lives()[name], edits[name], judged)
        written = {one.name for one in judged.deeds}
        if meanwhile in ("moved", "noted", "cleared"):
            assert name not in written, "an edit of what changed meanwhile is never taken"
    again = judge(acts.lives(), back)
    assert (again.deeds, {one.name for one in again.refused}) == ([], refused)
    assert again.unchanged == len(names) - len(refused)


def exact(name: str, then: Life, before: Life, after: Life, edits: Mapping[str, Any], judged: Judged) -> None:
    """The break holds what the cells say, or nothing was done about it."""
    written = [one for one in judged.deeds if one.name == name]
    if name in {one.name for one in judged.refused} or not written:
        assert not written and after == before
        return
    was, is_ = cells_of(then), cells_of(after)
    wanted = {
        field: value.date() if isinstance(value, datetime) else value or "" for field, value in edits.items()
    }
    if edits.get("due", "") is None:
        wanted["due"] = None
    wanted = {
        field: value
        for field, value in wanted.items()
        if not (len(str(value)) > 32_767 or "\u202e" in str(value))
    }
    for field in ("reason", "owner", "resolution"):
        if field in wanted or field not in edits:
            assert getattr(is_, field) == wanted.get(field, getattr(was, field)), field
    if is_.status != wanted.get("status", was.status):
        assert {is_.status, wanted.get("status", was.status)} == {"open", "assigned"}
        assert (is_.status == "assigned") == bool(is_.owner)
    if is_.due != wanted.get("due", was.due):
        assert is_.due is None and is_.status == "resolved"
    if wanted.get("comment"):
        assert wanted["comment"] in [one.facts["text"] for one in written if one.act in ("noted", "reopened")]
    if is_.reason in PROVEN and (is_.reason, is_.resolution) != (was.reason, was.resolution):
        assert explanation(after)["evidence"]


@given(CELLS, CELLS, st.booleans())
def test_the_acts_lead_to_the_cells_that_are_told(first: Cells, wanted: Cells, proven: bool) -> None:
    acts = Acts()
    name = acts.found(0, "opened", "1")
    lived(acts, name, [first], proven=True)
    before = cells_of(acts.lives()[name])
    done = edit(before, wanted, [{"name": "a", "sha256": "b"}] if proven else [])
    assume(isinstance(done, Edit))
    assert isinstance(done, Edit)
    acts.deeds(ANNA, [Deed("break", name, act, facts) for act, facts in done.acts])
    assert cells_of(acts.lives()[name]) == done.after
    assert not done.after.reason or done.after.reason in REASONS
