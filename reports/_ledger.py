"""The trial balance and the general ledger."""

from recon.core.books import Books, Posting, Trial
from recon.core.document import Cell, Column, Table
from recon.core.money import exact
from reports._rows import Rows, local_days
from reports._tables import local_title

_NAME = "Account and asset"


def trial_balance(books: Books) -> Table:
    """Every account and asset: opening, debit, credit, closing, and what the closing is worth."""
    with exact():
        rows = [_trial(one) for one in books.trial_balance]
    lacking = sum(one.value is None for one in books.trial_balance)
    return Table(
        key="trial_balance",
        title="Trial balance",
        by=_NAME,
        group="Class",
        note="In units: Opening + Debit - Credit = Closing, below zero a credit balance. Asset by asset all accounts "
        "sum to zero. The ledger's own closing is summed apart; the check is the difference. The value is the closing "
        f"at the price of the period's last moment, in {books.base_currency}.{incomplete(lacking, 'line')}",
        columns=[
            Column(title=_NAME, to="general_ledger"),
            Column(title="Class"),
            Column(title="Asset"),
            Column(title="Opening", kind="amount"),
            Column(title="Debit", kind="amount"),
            Column(title="Credit", kind="amount"),
            Column(title="Closing", kind="amount", formula="[Opening] + [Debit] - [Credit]"),
            Column(title="Closing by the ledger", kind="amount"),
            Column(
                title="Check",
                kind="amount",
                formula="[Opening] + [Debit] - [Credit] - [Closing by the ledger]",
                total=True,
                zero_is_good=True,
            ),
            Column(title=f"Price in {books.base_currency}", kind="amount"),
            Column(title=f"Value in {books.base_currency}", kind="amount", total=True),
            Column(title="Why no value"),
        ],
        rows=rows,
        empty="Nothing was ever posted.",
    )


def _trial(one: Trial) -> tuple[Cell, ...]:
    closing = one.opening + one.debit - one.credit
    return (
        named(one.account, one.asset), one.account.partition(":")[0], one.asset, one.opening, one.debit, one.credit,
        closing, one.closing, closing - one.closing, one.price, one.value, one.lacks,
    )  # fmt: skip


def general_ledger(books: Books) -> Table:
    """Every posting of the period, by account and asset."""
    day = local_days(books.zone)

    def row(one: Posting) -> tuple[Cell, ...]:
        debit, credit = (one.quantity, None) if one.quantity > 0 else (None, one.quantity.copy_negate())
        return (
            named(one.account, one.asset), one.asset, one.source, day(one.at), one.at, one.entry, one.kind, debit,
            credit, one.balance, one.stated, one.answer, one.pointer,
        )  # fmt: skip

    return Table(
        key="general_ledger",
        title="General ledger",
        by=_NAME,
        group=_NAME,
        note="Every posting, in units; an entry's postings sum to zero asset by asset. Balance is that of the account "
        "and asset after the posting, from its opening on. Answer is the SHA-256 of the sealed answer that holds the "
        "row, pointer the row's place in it.",
        columns=[
            Column(title=_NAME, to="trial_balance"),
            Column(title="Asset"),
            Column(title="Source"),
            Column(title=local_title("Day", books), kind="day"),
            Column(title="At (UTC)", kind="moment"),
            Column(title="Entry", kind="code"),
            Column(title="Kind"),
            Column(title="Debit", kind="amount", total=True),
            Column(title="Credit", kind="amount", total=True),
            Column(title="Balance", kind="amount"),
            Column(title="Balance by the venue", kind="amount"),
            Column(title="Answer", kind="code"),
            Column(title="Pointer", kind="code"),
        ],
        rows=Rows(books.postings, row),
        empty="Nothing was posted in the period.",
    )


def named(account: str, asset: str) -> str:
    """An account and an asset in one text, by which tables lead to one another."""
    return f"{account} {asset}"


def incomplete(lacking: int, noun: str) -> str:
    """What a note says of rows that are in no total, with a space before it."""
    if not lacking:
        return ""
    return f" Incomplete: {lacking:,} {noun}{'' if lacking == 1 else 's'} without a value, in no total."
