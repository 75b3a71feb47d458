"""One row's cells as a Row: what each kind posts, and how the file's times and numbers are read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from zoneinfo import ZoneInfo

from recon.core.answers import Answer
from recon.core.canonical import quoted, read_json
from recon.core.errors import NumberRefused
from recon.core.money import parse
from recon.core.records import Posting, Row, Told, asset_code, assets, merged, moved
from recon.core.times import from_epoch, from_iso, micros
from recon.sources._csv_columns import COLUMNS, CONTRA, KINDS, Cells, Columns
from recon.sources._rows import mark
from recon.sources._sheet import Plain

_ARRIVING = {"buy", "deposit", "transfer_in", "income", "adjustment"}
_PAIRS = {
    kind: pair
    for pair in (("buy", "sell"), ("deposit", "withdrawal"), ("transfer_in", "transfer_out"))
    for kind in pair
}
_MEMBERS = [(f'"{name}":', COLUMNS.index(name)) for name in sorted(COLUMNS)]
_MARKED = r"-?(?:[0-9]+|[0-9]{{1,3}}(?P<gap>[{gaps}])[0-9]{{3}}(?:(?P=gap)[0-9]{{3}})*)(?:[{mark}][0-9]+)?\Z"
_GAPS = {",": ". \u00a0\u202f", ".": ", \u00a0\u202f"}
"""What may part groups of three digits, by the decimal mark; the spaces are those that programs write."""
_PLAINLY = {mark: str.maketrans(mark, ".", gaps) for mark, gaps in _GAPS.items()}


class BadRow(ValueError):
    """A row that breaks the format; the text names the column and what was expected."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """How the cells of one file are read. ``constants`` stand in every row, ``account`` where a row names none.

    Of a ``signed`` file the sign moves, and the kind names the other side.
    """

    account: str
    moment: Callable[[str], datetime]
    number: Callable[[str, str], Decimal]
    kinds: Mapping[str, str]
    constants: Mapping[str, str]
    signed: bool

    def whole(self, cells: Cells) -> Cells:
        """The cells with the constants that the file has no column for."""
        return cells._replace(**self.constants)


def rules_of(columns: Columns, account: str | None, names: list[str]) -> Rules:
    """The rules that the settings state for a file with these headers.

    A signed file that tells no kinds is one of deposits and withdrawals.
    """
    moment, number = _moment, _number
    if columns.date_format or columns.timezone:
        zone = ZoneInfo(columns.timezone) if columns.timezone else None
        moment = partial(_local_moment, columns.date_format, zone)
    if columns.decimal:
        number = partial(_marked_number, columns.decimal)
    if columns.sign == "signed":
        number = partial(_signed_number, number)
    constants = columns.constants()
    if columns.sign == "signed" and columns.header("kind") not in (None, *names):
        constants["kind"] = "deposit"
    return Rules(
        account=account or "main",
        moment=moment,
        number=number,
        kinds=columns.kinds,
        constants=constants,
        signed=columns.sign == "signed",
    )


def row(answer: Answer, pointer: str, cells: Cells, rules: Rules) -> Row:
    """The row that the cells state. Raises BadRow and NumberRefused.

    Identity and data are the cells as received, so that a change of settings makes no new record of an old one.
    """
    stated = rules.whole(cells) if rules.constants else cells
    at = rules.moment(stated.timestamp)
    kind = rules.kinds.get(stated.kind, stated.kind)
    if kind not in KINDS:
        raise BadRow(f"column kind: {stated.kind[:40]!r} is none of {', '.join((*KINDS, *rules.kinds))}")
    asset = _asset(stated.asset, "asset")
    if rules.signed:
        kind, quantity = _by_sign(rules, kind, stated)
    else:
        quantity = _positive(rules, stated.quantity, "quantity")
        if kind not in _ARRIVING:
            quantity = quantity.copy_negate()
    after = rules.number(stated.balance_after, "balance_after") if stated.balance_after else None
    account = stated.account or rules.account
    if len(account) > 64 or not account.isprintable():
        raise BadRow("column account: expected at most 64 printable characters")
    return Row(
        identity=("id", cells.id) if cells.id else ("row", *cells),
        at=at,
        ordinal=micros(at),
        kind=kind,
        status="settled",
        account=account,
        asset=asset,
        quantity=quantity,
        data=_data(cells),
        seq=answer.seq,
        pointer=pointer,
        postings=_postings(answer.source, stated, rules, kind, account, asset, quantity, after),
        txid=mark(stated.txid) if stated.txid else "",
    )


def told_by(rules: Rules) -> Callable[[str], Told]:
    """What reads a row's worth and note from its data. The quote of what is no trade is what it was worth."""

    def told(data: str) -> Told:
        cells = rules.whole(Cells(**dict.fromkeys(COLUMNS, "") | read_json(data.encode())))
        worth = None
        if cells.quote_quantity and cells.quote_asset:
            worth = (
                _asset(cells.quote_asset, "quote_asset"),
                rules.number(cells.quote_quantity, "quote_quantity"),
            )
        return Told(worth, cells.note)

    return told


def _data(cells: Cells) -> str:
    """The canonical JSON of the filled cells, written out: through an encoder it would take twice the time."""
    filled = [f"{name}{quoted(cells[place])}" for name, place in _MEMBERS if cells[place]]
    return "{" + ",".join(filled) + "}"


def fee_of(stated: Cells, rules: Rules) -> tuple[Decimal, str] | None:
    """The fee and its asset; None for none."""
    if not stated.fee_quantity or not (fee := rules.number(stated.fee_quantity, "fee_quantity")):
        return None
    if fee < 0:
        raise BadRow(f"column fee_quantity: expected 0 or more, got {stated.fee_quantity}")
    return fee, _asset(stated.fee_asset, "fee_asset")


def _by_sign(rules: Rules, kind: str, stated: Cells) -> tuple[str, Decimal]:
    """What arrives (negative: leaves), and the kind of the pair that the sign says."""
    quantity = rules.number(stated.quantity, "quantity")
    if not quantity and not fee_of(stated, rules):
        raise BadRow("column quantity: expected a quantity other than 0 in a row without a fee")
    return (_PAIRS[kind][quantity < 0] if kind in _PAIRS else kind), quantity


def _postings(
    source: str,
    stated: Cells,
    rules: Rules,
    kind: str,
    account: str,
    asset: str,
    quantity: Decimal,
    after: Decimal | None,
) -> tuple[Posting, ...]:
    """The row's asset, a trade's quote on the other side, and the fee; the statement balance is that of the asset.

    A signed trade without a quote is one leg of it: venues that list both legs give each a row.
    """
    place = assets(source, account)
    contra = CONTRA.get(kind, "trading").format(source)
    legs = moved(place, contra, asset, quantity, after)
    trade = kind in ("buy", "sell")
    if stated.quote_quantity or (trade and not rules.signed):
        quote = _asset(stated.quote_asset, "quote_asset")
        paid = _positive(rules, stated.quote_quantity, "quote_quantity")
        if trade:
            legs += moved(place, contra, quote, paid.copy_negate() if kind == "buy" else paid)
    if stated.fee_quantity and (fee := fee_of(stated, rules)):
        legs += moved(place, f"fees:{source}", fee[1], fee[0].copy_negate())
    # two legs of one quantity have nothing to merge
    return legs if len(legs) == 2 and quantity else merged(legs)


def _moment(text: str) -> datetime:
    try:
        return from_epoch(text) if text.isdecimal() else from_iso(text)
    except (ValueError, OverflowError):
        raise BadRow(
            "column timestamp: expected ISO 8601 with a zone (or timezone in the columns), or epoch s or ms, "
            f"got {text[:40]!r}"
        ) from None


def _local_moment(pattern: str | None, zone: ZoneInfo | None, text: str) -> datetime:
    """A time of the stated form in the stated zone. A date cell of a workbook has a form of its own."""
    try:
        if pattern is None and text.isdecimal():
            return from_epoch(text)
        at = datetime.fromisoformat(text) if pattern is None or type(text) is Plain else _as(pattern, text)
        placed = at if at.tzinfo or zone is None else _placed(at, zone)
        return from_iso(placed.isoformat())
    except BadRow:
        raise
    except (ValueError, OverflowError):
        expected = f"a time of the form {pattern}" if pattern else "ISO 8601, or epoch s or ms"
        raise BadRow(f"column timestamp: expected {expected}, got {text[:40]!r}") from None


def _as(pattern: str, text: str) -> datetime:
    if not text.isascii() and any(one.isdecimal() and not one.isascii() for one in text):
        raise ValueError("it has digits of another script")
    return datetime.strptime(text, pattern)  # noqa: DTZ007 - its zone is a setting


def _placed(at: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a local time. Raises BadRow in the hour that clocks skip or repeat."""
    first = at.replace(tzinfo=zone)
    if first.utcoffset() == first.replace(fold=1).utcoffset():
        return first
    happens = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == at
    raise BadRow(
        f"column timestamp: {at.isoformat(sep=' ')} {'comes twice' if happens else 'does not exist'} in {zone.key}, "
        "where clocks change; expected a time with its offset"
    )


def _asset(text: str, column: str) -> str:
    code, usable = asset_code(str(text))
    if not usable:
        raise BadRow(f"column {column}: {text[:40]!r} is not 1 to 32 of A-Z a-z 0-9 . _ : -")
    return code


def _number(text: str, column: str) -> Decimal:
    try:
        return parse(str(text))  # a Plain cell is no exact str
    except NumberRefused as refused:
        raise BadRow(f"column {column}: {refused}") from None


def _signed_number(number: Callable[[str, str], Decimal], text: str, column: str) -> Decimal:
    """A number that may show that it is positive."""
    return number(text[1:] if text[:1] == "+" and text[1:2].isdecimal() else text, column)


def _marked_number(mark: str, text: str, column: str) -> Decimal:
    """A number with this decimal mark, its groups of three parted by the other mark or by spaces."""
    if type(text) is Plain:
        return _number(text, column)
    if not re.match(_MARKED.format(gaps=_GAPS[mark], mark=mark), text):
        raise BadRow(
            f"column {column}: {text[:40]!r} is not a number with the decimal mark {mark!r} "
            "and, where digits are grouped, whole groups of three"
        )
    return _number(text.translate(_PLAINLY[mark]), column)


def _positive(rules: Rules, text: str, column: str) -> Decimal:
    number = rules.number(text, column)
    if number <= 0:
        raise BadRow(f"column {column}: expected a positive quantity, got {text}")
    return number
