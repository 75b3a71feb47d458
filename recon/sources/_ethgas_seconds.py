"""What ETHGas says a second time: the list of all transactions, each account asked for alone, the funding lists."""

from collections.abc import Iterator
from decimal import Decimal

from recon.core.books import Second
from recon.core.contracts import Latest
from recon.core.money import parse


def seconds(latest: Latest) -> Iterator[Second]:
    """Only a second reading that was made is laid beside the first.

    A row that the list of all accounts has and the account's own list lacks is missing from the books; the other way
    round the list of all may simply end earlier. Funding is counted in events, which need not be one row each.
    """
    accounts = sorted(
        stream[4:] for stream in {stream for stream, _, _ in latest.counts} if stream[:4] == "txs/"
    )
    if _count(latest, "txs"):
        for account in accounts:
            books, all_of_it = _count(latest, f"txs/{account}"), _count(latest, "txs", account)
            yield Second(
                f"transactions of account {account}",
                "txs",
                books,
                all_of_it,
                books == all_of_it,
                all_of_it > books,
            )
    for (stream, subject, name), value in sorted(latest.facts.items()):
        if stream.startswith("account/") and name == "quantity":
            _, account, asset = subject.split(" ", 2)
            held, alone = latest.held.get((account, asset)), parse(value)
            if held is not None:
                yield Second(
                    f"{asset} of account {account}", stream, held, alone, agrees=held == alone, binding=True
                )
    for stream, kind in (("funding/deposits", "deposit"), ("funding/withdraws", "withdrawal")):
        if second := _count(latest, stream, kind=kind):
            books = sum((_count(latest, f"txs/{account}", kind=kind) for account in accounts), Decimal(0))
            yield Second(f"{kind}s", stream, books, second, agrees=books == second, binding=False)


def _count(latest: Latest, stream: str, account: str | None = None, kind: str | None = None) -> Decimal:
    return Decimal(
        sum(
            count
            for (at, of, what), count in latest.counts.items()
            if at == stream and account in (None, of) and kind in (None, what)
        )
    )
