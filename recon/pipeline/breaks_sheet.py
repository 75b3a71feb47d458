"""The workbook of breaks: its columns, what may be filled in, and the tokens that tell whether a fact was changed.

A row's token is a digest over the file's id, the break, its version, the hash of the act that made this version, and
each locked cell. Who has the ledger can reckon it anew: a row of another ledger, file or break does not fit.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from recon.core.canonical import identity
from recon.core.money import parse, round_to, text
from recon.core.reasons import PROVEN, REASONS
from recon.core.times import from_iso, moment_text, said_text
from recon.pipeline.breaks import Listed, Register
from recon.pipeline.breaks_edit import Cells, cells_of
from recon.pipeline.config import Config
from recon.pipeline.register import Life
from reports._render._xlsx_pens import cell_text
from reports._render.form import Form, FormColumn, Value

SHEET, KEPT, MARK = "Breaks", "recon", "recon breaks 1"
"""The sheet to fill in, the hidden one, and what the hidden one begins with."""
ID, VERSION, TOKEN = "Break", "Version", "Token"
STATUSES = ("open", "assigned", "resolved")
_KEPT_DIGITS = Context(prec=15, rounding=ROUND_HALF_EVEN)
"""What a cell keeps of a number."""
_LINE_ENDS = re.compile(r"_x000D_|\r")

_ON_AGE = (('[Bucket]="31-60"', "fair"), ('[Bucket]="61-90"', "poor"), ('[Bucket]="over 90"', "bad"))  # fmt: skip
_ON_SEVERITY = (('[Severity]="error"', "bad"), ('[Severity]="warning"', "fair"))
_ON_STATUS = (
    ('[Status]="resolved"', "good"),
    ('AND([Due]<>"",[Due]<TODAY())', "bad"),
    ('[Status]="assigned"', "fair"),
)
_ON_DUE = (('AND([Due]<>"",[Due]<TODAY(),[Status]<>"resolved")', "bad"),)
LOCKED = (
    FormColumn(title=ID, kind="code", width=18),
    FormColumn(title="Severity", kind="text", width=11, rules=_ON_SEVERITY),
    FormColumn(title="Check", kind="text", width=18),
    FormColumn(title="Source", kind="text", width=11),
    FormColumn(title="Account", kind="text", width=11),
    FormColumn(title="Asset", kind="text", width=10),
    FormColumn(title="At (local)", kind="moment", width=20),
    FormColumn(title="Difference", kind="amount", width=14),
    FormColumn(title="Value", kind="money", width=13),
    FormColumn(title="Age days", kind="count", width=9, rules=_ON_AGE),
    FormColumn(title="Bucket", kind="text", width=10, rules=_ON_AGE),
    FormColumn(title="Diagnosis", kind="text", width=18),
)
BEHIND = (
    FormColumn(title="Expected", kind="amount", width=14),
    FormColumn(title="Actual", kind="amount", width=14),
    FormColumn(title="What was found", kind="text", width=80),
    FormColumn(title="Expected (exact)", kind="exact", width=20, printed=False),
    FormColumn(title="Actual (exact)", kind="exact", width=20, printed=False),
    FormColumn(title="Difference (exact)", kind="exact", width=20, printed=False),
    FormColumn(title="At (UTC)", kind="code", width=24, printed=False),
)
FACTS = (*LOCKED, *BEHIND)
FIELDS = {
    "status": "Status",
    "reason": "Reason",
    "owner": "Owner",
    "due": "Due",
    "comment": "Comment",
    "resolution": "Resolution",
}
"""The titles of what may be filled in, by the field of Cells."""


class Entry(NamedTuple):
    """A row as the hidden sheet keeps it. ``digests`` are those of its locked cells, in their order."""

    name: str
    version: int
    token: str
    digests: Sequence[str]


def form(config: Config, found: Register, owners: Sequence[str], head: str, now: datetime) -> Form:
    """The workbook of these breaks; ``head`` is the hash of the newest act."""
    facts = [_facts(one, config.zone) for one in found.breaks]
    digests = [tuple(map(digest, line)) for line in facts]
    stated = [
        [one.life.id, str(one.life.version), *line] for one, line in zip(found.breaks, digests, strict=True)
    ]
    file = identity([moment_text(now), head, *(word for line in stated for word in line)])[:16]
    entries = [
        Entry(one.life.id, one.life.version, token_of(file, one.life, line), line)
        for one, line in zip(found.breaks, digests, strict=True)
    ]
    ahead = len(LOCKED)
    rows = [
        [*line[:ahead], *shown_cells(cells_of(one.life)), *line[ahead:], one.life.version, entry.token]
        for one, line, entry in zip(found.breaks, facts, entries, strict=True)
    ]
    hidden = FormColumn(title=VERSION, kind="count", width=9, hidden=True, printed=False)
    return Form(
        title="Breaks",
        lead=f"{config.entity.name}, {said_text(now.replace(microsecond=0))}: {len(rows)} breaks. "
        "Fill in the yellow cells, everything else is locked; see the sheet Read me. "
        f"Local times are those of {config.entity.timezone}, values are in {found.currency}.",
        sheet=SHEET,
        key="breaks",
        columns=[
            *LOCKED,
            *_to_fill(owners),
            *BEHIND,
            hidden,
            FormColumn(title=TOKEN, kind="code", width=9, hidden=True, printed=False),
        ],
        rows=rows,
        guide=_GUIDE,
        kept_in=KEPT,
        kept=[
            [MARK, file, moment_text(now)],
            *([one.name, str(one.version), one.token, " ".join(one.digests)] for one in entries),
        ],
        created=now.replace(microsecond=0),
    )


def token_of(file: str, life: Life, digests: Sequence[str]) -> str:
    """The token of a row about a break as it is at this version."""
    return identity([file, life.id, str(life.version), life.acts[-1].hash, *digests])


def digest(cell: Any) -> str:
    """Of what a locked cell says, in whatever form a spreadsheet program saved it."""
    return identity([_said(cell)])[:16]


def plain(words: str) -> str:
    """A text as it comes back from a workbook: libraries and programs write some characters in two ways."""
    return _LINE_ENDS.sub("", words.replace("x005F_", "")).strip()


def shown_cells(cells: Cells) -> Cells:
    """The cells as the workbook shows them, to compare with what comes back."""
    texts: dict[str, Any] = {
        name: plain(cell_text(one)) for name, one in cells._asdict().items() if isinstance(one, str)
    }
    return cells._replace(**texts)


def _said(cell: Any) -> str:
    if isinstance(cell, str):
        return plain(cell)
    if isinstance(cell, datetime):
        return f"at {(cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()}"
    if isinstance(cell, Decimal | int | float) and not isinstance(cell, bool):
        number = cell if isinstance(cell, Decimal) else Decimal(repr(cell))
        return f"number {text(_KEPT_DIGITS.plus(number))}"
    return "" if cell is None else repr(cell)


def _facts(one: Listed, zone: ZoneInfo) -> list[Value]:
    """The locked cells, in the order of FACTS."""
    facts: Mapping[str, Any] = one.facts
    at = from_iso(facts["at"]).astimezone(zone).replace(tzinfo=None, microsecond=0) if facts["at"] else None
    value = None if one.value is None else round_to(one.value, 2, "half_even")
    exact = [facts["expected"], facts["actual"], facts["difference"]]
    expected, actual, difference = [None if cell is None else _cell_number(parse(cell)) for cell in exact]
    diagnosis = facts["diagnosis"]
    texts = [facts[name] or "" for name in ("severity", "check", "source", "account", "asset")]
    found: list[Value] = [
        one.life.id, *texts, at, difference, None if value is None else _cell_number(value), one.age_days,
        one.bucket, diagnosis["kind"], expected, actual, diagnosis["text"], *exact, facts["at"],
    ]  # fmt: skip
    return [cell_text(cell) if isinstance(cell, str) else cell for cell in found]


def _cell_number(number: Decimal) -> Decimal:
    return _KEPT_DIGITS.plus(number)


def _to_fill(owners: Sequence[str]) -> list[FormColumn]:
    return [
        FormColumn(title="Status", kind="text", width=11, editable=True, choices=STATUSES, rules=_ON_STATUS),
        FormColumn(title="Reason", kind="text", width=16, editable=True, choices=tuple(REASONS)),
        FormColumn(title="Owner", kind="text", width=16, editable=True, choices=owners, free=True),
        FormColumn(title="Due", kind="day", width=13, editable=True, rules=_ON_DUE),
        FormColumn(title="Comment", kind="text", width=30, editable=True),
        FormColumn(title="Resolution", kind="text", width=36, editable=True),
    ]


_GUIDE = (
    ("What it is", ("One row for each break of the register. The yellow cells are yours; everything else is locked and "
     "must stay as it is. Rows may be filtered. Rows that you leave alone change nothing.")),
    ("How it goes back", ("Save it as .xlsx, in Excel or LibreOffice, and run: recon --as NAME breaks import FILE.xlsx "
     "--dry-run. This shows what would be written. Without --dry-run it is written, under your name.")),
    ("The cells", ""),
    ("Status", ("open, assigned or resolved. A break with an owner is assigned, one without is open: an owner is "
     "enough. A resolved break is carried forward with its reason. To open one again, set assigned (or open) and say "
     "why in Comment.")),
    ("Reason", "Why the break is as it is, out of the list below."),
    ("Owner", "Who looks into it: out of the list, or a new name. Clear it to give the break to nobody."),
    ("Due", ("The day by which the data should have cleared the break. With a reason and a resolution text it explains "
     "a break that stays open. Red once it has passed.")),
    ("Comment", "What there is to say. It becomes a note; notes are never changed, so the cell comes empty."),
    ("Resolution", "The explanation, for those who read it next year. A resolved break needs it, and a reason."),
    ("What is refused", ""),
    ("A row", ("Each row stands for itself. It is refused, and named with its cell, where its break changed since this "
     "file was written, a locked cell was changed, the row was copied or comes from another file, or a cell does not "
     "hold what it should, such as a formula. All other rows are taken. Write the file anew to go on with those.")),
    ("Evidence", ("Reasons marked * rest on what somebody else says. They need the statement or the answer as a file: "
     "recon breaks resolve BREAK --reason REASON --text TEXT --evidence FILE.")),
    ("Numbers", "A cell keeps 15 digits. The columns marked (exact) have the figures whole, as text."),
    ("Reasons", ""),
    *((name + "*" * (name in PROVEN), meaning) for name, meaning in REASONS.items()),
)  # fmt: skip
