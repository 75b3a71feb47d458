"""A believable month of books, written out by hand: four sources, six breaks, amounts of 2 to 18 decimals."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import cycle, islice

from recon.core.answers import Answer
from recon.core.books import (
    Adjusted,
    BalanceProof,
    Books,
    Coverage,
    Curve,
    PriorItem,
    RecordEvidence,
    RegisteredBreak,
    RollForward,
    Second,
    SourceRead,
    Transaction,
    Transfer,
)
from recon.core.breaks import Break, CheckResult, Diagnosis
from recon.core.money import total
from recon.core.times import Period
from tests.reports import valued

ZONE = "Europe/Warsaw"
START = datetime(2025, 2, 28, 23, tzinfo=UTC)
END = datetime(2025, 3, 31, 22, tzinfo=UTC)
READ = datetime(2025, 4, 1, 4, 31, 7, 250_000, tzinfo=UTC)
HISTORY = "9c1185a5c5e9fc54612808977ee8f548b2258d31a3e2e1f0b0a1d5a8e0f7b6c4"
WITHDRAWALS = "4d967a30111bf29f0eba01c448b375c1629b2fed01cdfcc3aed91f1b57d5dd5e"
TRADES = "e629fa6598d732768f7c726b4b621285f9c3b85303900aa912017db7617d8bdb"
LOST = "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"


def at(day: int, clock: str = "12:00:00") -> datetime:
    return datetime.fromisoformat(f"2025-03-{day:02}T{clock}+00:00")


ROLL_FORWARD = """
broker depot-1 BTC 0.1375 0.05 0.02 0.1675
broker depot-1 PLN 41250.18 52000 48911.37 44338.81
egera main BTC 1.2045 0.33 0.4125 1.122
egera main PLN 182340.55 151200.4 160118.2 173422.75
egera main USDT 25000 12044.21 9800.5 27243.71
fuse main BTC 0.41018776 0.03182554 0.00592562 0.43608768
fuse main ETH 2.914350021874930417 0.531927882106217395 0.087418196891007086 3.358859707090140726
fuse main USDCERC20 48120.108373 5847.49 2290 51677.598373
fuse main USDTERC20 38114.006231 9440.297123 5241.05 42313.253354
fuse sub USDTERC20 1500 0 0 1500
gas 128 ETH 12.500000000000000001 4.02 3.91 12.610000000000000001
gas 128 USDC 7400 0 215.5 7184.5
"""

# source account asset ledger venue locked explaining breaks
BALANCES = """
egera main BTC 1.122 1.122 0.25 -
egera main PLN 173422.75 173422.76 0 B-c0ae79b6f6f9
egera main USDT 27243.71 27093.46 0 B-bf1523c9acf9
fuse main BTC 0.43608768 0.43608768 0 -
fuse main ETH 3.358859707090140726 3.483859707090140724 0 B-c33c67b3bf52
fuse main USDCERC20 51677.598373 51677.598373 0 -
fuse main USDTERC20 42313.253354 42313.253354 1200 -
fuse sub USDTERC20 1500 1500 0 -
"""

# day clock source account kind asset quantity balance_after against entry
TRANSACTIONS = """
1 08:12:09 egera main trade BTC 0.05 - trading egera/812
1 08:12:09 egera main trade PLN -17240.5 - fees:egera,trading egera/812
2 10:44:51 broker depot-1 buy BTC 0.02 0.1575 trading broker/41
2 10:44:51 broker depot-1 buy PLN -6911.37 34338.81 fees:broker,trading broker/41
3 22:05:00 fuse main deposit USDTERC20 5000.25 43114.256231 external:fuse fuse/1177
4 09:30:12 fuse main deposit ETH 0.010587471043864237 2.924937492918794654 external:fuse fuse/1178
5 14:14:14 egera main deposit PLN 60000 - external:egera egera/813
7 07:00:01 gas 128 trade ETH 1.25 - trading gas/90412
7 07:00:01 gas 128 trade USDC -215.5 - trading gas/90412
9 23:59:58 fuse main withdrawal USDTERC20 -2620.525 40493.731231 external:fuse fuse/1179
11 16:20:33 egera main trade BTC -0.2 - trading egera/814
11 16:20:33 egera main trade PLN 68911.4 - fees:egera,trading egera/814
12 11:11:11 fuse main deposit USDCERC20 5847.49 53967.598373 external:fuse fuse/1180
14 02:48:27 fuse main deposit BTC 0.03182554 0.4420133 external:fuse fuse/1181
16 19:00:00 broker depot-1 deposit PLN 52000 86338.81 external:broker broker/42
18 09:14:22 fuse main deposit ETH 0.521340411062353158 3.57127790398114781 external:fuse fuse/1182
20 12:01:40 egera main withdrawal USDT -9800.5 - external:egera egera/815
20 12:01:40 egera main deposit USDT 12044.21 - external:egera egera/816
22 06:33:09 gas 128 withdrawal ETH -3.91 - external:gas gas/90511
25 21:21:21 fuse main withdrawal ETH -0.087418196891007086 3.483859707090140724 external:fuse fuse/1183
27 13:45:00 broker depot-1 buy PLN -42000 44338.81 trading broker/43
29 00:12:18 fuse main withdrawal BTC -0.00592562 0.43608768 external:fuse fuse/1184
30 01:30:00 fuse main deposit USDTERC20 4440.047123 44933.778354 external:fuse fuse/1185
31 21:59:59 fuse main withdrawal USDTERC20 -2620.525 42313.253354 external:fuse fuse/1186
"""


MEMBER = {
    "id": "B-5b2f0a9c71de", "check": "closing_balance", "severity": "error", "source": "fuse", "account": "main",
    "asset": "ETH", "at": "2025-04-01T04:31:07.25Z", "expected": "3.358859707090140726",
    "actual": "3.483859707090140724", "difference": "0.124999999999999998",
    "text": "fuse, account main, ETH: the venue has 0.124999999999999998 more than the ledger.",
}  # fmt: skip


def _number(word: str) -> Decimal | None:
    return None if word == "-" else Decimal(word)


def _transaction(line: str) -> Transaction:
    day, clock, source, account, kind, asset, quantity, after, contra, entry = line.split()
    return Transaction(
        at(int(day), clock), source, account, kind, asset, Decimal(quantity), contra.replace(",", ", "),
        _number(after), entry, HISTORY if source == "fuse" else TRADES, f"/data/{entry.split('/')[1]}",
    )  # fmt: skip


def _balance(line: str) -> BalanceProof:
    source, account, asset, *words, explained = line.split()
    ledger, venue, locked = map(Decimal, words)
    ids = () if explained == "-" else (explained,)
    return BalanceProof(source, account, asset, READ, ledger, venue, locked, venue - ledger, ids)


def _roll_forward(line: str) -> RollForward:
    source, account, asset, *words = line.split()
    opening, incoming, outgoing, closing = map(Decimal, words)
    none = Decimal(0)
    sold = outgoing if asset == "PLN" else none
    return RollForward(
        source, account, asset, opening, incoming, none, none, none, sold, outgoing - sold, none, none, none, none,
        none, none, closing,
    )  # fmt: skip


def _against() -> dict[str, Decimal]:
    rows = [_roll_forward(line) for line in ROLL_FORWARD.split("\n") if line]
    return {
        asset: total(one.closing for one in rows if one.asset == asset).copy_negate()
        for asset in {one.asset for one in rows}
    }


def _break(
    check: str,
    place: Sequence[str | None],
    kind: str,
    text: str,
    moment: datetime | None,
    *numbers: str,
    **more: str,
) -> RegisteredBreak:
    expected, actual = map(Decimal, numbers or ("0", "0"))
    found = Break(
        check=check,
        severity="warning" if check == "unsettled" else "info" if kind == "rounding" else "error",
        anchor=str(moment),
        diagnosis=Diagnosis(kind=kind, text=text, members=(MEMBER,) if kind == "missing_record" else ()),
        source=place[0],
        account=place[1],
        asset=place[2],
        at=moment,
        expected=expected if numbers else None,
        actual=actual if numbers else None,
        difference=actual - expected if numbers else None,
    )
    return RegisteredBreak(found, "open", READ - timedelta(days=9), 9, tuple(_records(**more)))


def _records(stream: str = "", data: str = "", answer: str = "") -> list[RecordEvidence]:
    source, _, name = stream.partition("/")
    return [RecordEvidence(source, name, at(18, "09:14:22"), data, answer, "/results/17")] if data else []


BREAKS = [
    _break(
        "running_balance", ("fuse", "main", "ETH"), "missing_record",
        "fuse, account main, ETH, 2025-03-18 09:14:22 UTC: the venue states 3.571277903981147810 after this row, where "
        "the balance before it and the row give 3.446277903981147812. It moved 0.124999999999999998 more than its rows "
        "say: a record is missing, or one is misstated.",
        at(18, "09:14:22"), "3.446277903981147812", "3.57127790398114781",
        stream="fuse/history", answer=HISTORY,
        data='{"amount":"0.521340411062353158","balance_after":"3.57127790398114781","currency":"ETH",'
        '"timestamp":"2025-03-18T09:14:22Z","type":"deposit"}',
    ),
    _break(
        "unclassified", ("fuse", "main", "BTC"), "unknown_type",
        'fuse, account main, BTC: a row of the unknown type "staking_reward" stands in suspense with 0.0021.',
        at(21, "03:00:00"),
        stream="fuse/history", answer=HISTORY,
        data='{"amount":"0.0021","balance_after":null,"currency":"BTC","type":"staking_reward"}',
    ),
    _break(
        "coverage", ("gas", None, None), "unexplained",
        "gas: the stream deposits was not read whole. HTTP 502 five times in a row.", None,
    ),
    _break(
        "closing_balance", ("egera", "main", "USDT"), "duplicate_record",
        "egera, account main, USDT: the ledger holds 150.25 more than the venue says. The row of 2025-03-20 12:01:40 "
        "UTC equals its neighbour and explains the difference exactly.",
        READ, "27243.71", "27093.46",
        stream="egera/deposits/USDT", answer=LOST, data='{"amount":"150.25","state":1,"tx":"7be1…"}',
    ),
    _break(
        "closing_balance", ("egera", "main", "PLN"), "rounding",
        "egera, account main, PLN: 0.01 is within one unit of the last decimal for each of 3 rounded rows.",
        READ, "173422.75", "173422.76",
    ),
    _break(
        "unsettled", ("egera", "main", "BTC"), "unexplained",
        "egera, account main, BTC, 2025-03-19 17:40:00 UTC: a withdrawal of 0.15 is pending for 12 days.",
        at(19, "17:40:00"),
        stream="egera/withdrawals/BTC", answer=WITHDRAWALS, data='{"amount":"0.15","state":0,"tx":null}',
    ),
]  # fmt: skip

SQL = """select t.source as source, t.asset as asset, t.balance_after as actual
from stated as t
where t.posted <> t.balance_after and t.quantity > 0 -- a < b && "quoted"
"""


def _check(name: str, title: str, tested: int) -> CheckResult:
    return CheckResult(
        check=name,
        title=title,
        sql=SQL,
        why="A venue that states the balance after each row gives a proof of every row. Where the balance is not the "
        "one before plus the row, a row between the two is missing, too many or wrong.",
        fix="Read the diagnosis. Pull again, in case the venue has mended its rows. Else send the text to support.",
        tested=tested,
        breaks=tuple(one.found for one in BREAKS if one.found.check == name),
    )


def _curve(source: str, account: str, asset: str, values: str, stated: str = "") -> Curve:
    def points(words: str) -> list[tuple[datetime, Decimal]]:
        pairs = (word.split(":") for word in words.split())
        return [(at(int(day)), Decimal(value)) for day, value in pairs]

    return Curve(source, account, asset, points(values), points(stated))


ETH = "4:2.92493749 9:2.98 12:3.21 15:3.1046 17:2.9249 18:3.44627790 25:3.35885970"
USDT = "3:43114.25 5:43600.01 9:40493.73 13:39800 17:41020.5 21:40611.13 26:40493.73 30:44933.77 31:42313.25"
CURVES = [
    _curve("broker", "depot-1", "BTC", "2:0.1575 27:0.1675", "2:0.1575 27:0.1675"),
    _curve(
        "broker", "depot-1", "PLN", "2:34338.81 16:86338.81 27:44338.81", "2:34338.81 16:86338.81 27:44338.81"
    ),
    _curve("egera", "main", "BTC", "1:1.2545 4:1.31 8:1.294 11:1.11 19:1.18 23:1.122"),
    _curve("egera", "main", "PLN", "1:165100.05 5:225100.05 11:294011.45 15:210000 22:181000.2 28:173422.75"),
    _curve("fuse", "main", "BTC", "14:0.4420133 29:0.43608768", "14:0.4420133 29:0.43608768"),
    _curve("fuse", "main", "ETH", ETH, ETH.replace("18:3.44627790 25:3.35", "18:3.57127790 25:3.48")),
    _curve("fuse", "main", "USDTERC20", USDT, USDT),
    _curve("fuse", "sub", "USDTERC20", "10:1500 20:1500", "20:1500"),
    _curve("gas", "128", "ETH", "7:13.75 9:14.5 15:16.52 22:12.61"),
]


def _cell(
    source: str,
    stream: str,
    status: str,
    requests: int,
    rows: int,
    *,
    stated: int | None = None,
    reason: str = "",
) -> Coverage:
    first, last = (at(1), at(31, "20:11:09")) if rows else (None, None)
    return Coverage(
        source, stream, "main", "BTC", status, status == "incomplete", None, READ, requests, requests, rows, stated,
        first, last, 0, 0, reason, "GET /deposits {}" if reason else "",
    )  # fmt: skip


COVERAGE = [
    _cell("broker", "broker/2025.csv", "whole", 1, 211),
    _cell("egera", "trades", "whole", 41, 4021, stated=4021),
    _cell("egera", "deposits/BTC", "empty", 1, 0),
    _cell("egera", "logins", "not_queried", 0, 0),
    _cell("egera", "withdrawals/BTC", "whole", 1, 3),
    _cell("fuse", "history", "whole", 5, 237, stated=237),
    _cell("gas", "transactions", "whole", 12, 1187),
    _cell("gas", "deposits", "incomplete", 5, 0, reason="HTTP 502 five times in a row"),
]


def _answer(seq: int, digest: str, source: str, stream: str, path: str, **params: str) -> Answer:
    return Answer(
        seq=seq, at=READ - timedelta(minutes=4), source=source, stream=stream, method="GET",
        url=f"https://api.example.com{path}", params=params, status=200, sha256=digest, size=48_211, link="f" * 64,
        body=BytesIO,
    )  # fmt: skip


_ROLLED = [_roll_forward(line) for line in ROLL_FORWARD.split("\n") if line]
_POSTED = valued.postings(_ROLLED, START, TRADES)

BOOKS = Books(
    entity="Bursztyn Aktywa Sp. z o.o.",
    zone=ZONE,
    base_currency="PLN",
    period=Period(name="2025-03", start=START, end=END),
    as_of=READ,
    version="1.0.0",
    head="3f1c0b5a7d9e2f4886a1c3d5e7f90b2d4f6a8c0e1b3d5f7a9c2e4f6081a3c5e7",
    evidence_head="b7e2d4c6a8f0e1d3c5b7a9f8e6d4c2b0a1f3e5d7c9b8a6f4e2d0c1b3a5f7e9d8",
    assumptions={
        "egera: fee currency of a trade": "quote",
        "egera: unit of fee_maker and fee_taker": "bps",
        "egera: rounding of a trade's quote and fee": "half_up",
        "fuse: whether a withdrawal's amount holds its fee": "each record is tested against the balance",
    },
    sources=[
        SourceRead("broker", "CSV files", "*.csv"), SourceRead("egera", "Egera", "https://egera.test", "60021", at(1)),
        SourceRead("fuse", "CryptoFuse"), SourceRead("gas", "ETHGas"),
    ],
    roll_forward=_ROLLED,
    against=_against(),
    balances=[_balance(line) for line in BALANCES.split("\n") if line],
    transactions=[_transaction(line) for line in TRANSACTIONS.split("\n") if line],
    transfers=[
        Transfer(
            "transfer", "txid", at(12), "egera main", "USDTERC20", Decimal("500.25"), "egera/71",
            at(12, "12:41:09"), "fuse main", "USDTERC20", Decimal("499.25"), "fuse/90", Decimal(1), Decimal(0),
        ),
        Transfer(
            "transfer", "amount", at(31, "21:58:00"), "fuse main", "ETH", Decimal("1.000000000000000001"), "fuse/212",
            END + timedelta(minutes=9), "gas 128", "ETH", Decimal("1.000000000000000001"), "gas/1188", Decimal(0),
            Decimal("1.000000000000000001"),
        ),
        Transfer(
            "same", "txid", at(3), "egera main", "BTC", Decimal("0.05"), "egera/12",
            at(3), "broker depot-1", "BTC", Decimal("0.05"), "broker/3", Decimal(0), Decimal(0),
        ),
    ],
    prior_items=[
        PriorItem(
            "2025-02", START - timedelta(days=3), START, "fuse", "main", "deposit", "ETH",
            Decimal("0.000000000000000001"), "fuse/1176", HISTORY, "/data/1176",
        ),
    ],
    adjustments=[
        Adjusted(
            "A-5b2f0a9c71de", at(30, "22:00:00"), "egera", account, "BTC", Decimal(quantity), "network_fee",
            "The chain took it; support confirms.", "B-c0ae79b6f6f9", "", "", "Anna Nowak", at(31), "Jan Kowalski",
            at(31, "15:00:00"), "egera/817", (LOST,),
        )
        for account, quantity in (("assets:egera:main", "-0.0005"), ("fees:egera", "0.0005"))
    ],
    coverage=COVERAGE,
    seconds=[
        ("fuse", Second("deposits", "payments", Decimal(41), Decimal(40), agrees=False, binding=False)),
        ("gas", Second("ETH of account 128", "account/128", Decimal(12), Decimal(12), agrees=True, binding=True)),
    ],
    checks=[
        _check("running_balance", "Running balances", 261),
        _check("unclassified", "Rows nobody understands", 5659),
        _check("coverage", "Coverage", 7),
        _check("closing_balance", "Closing balances", 8),
        _check("unsettled", "Pending for too long", 3),
        _check("double_entry", "Double entry", 5659), _check("evidence", "Evidence", 66),
        _check("prices", "Prices", 0),
    ],
    breaks=BREAKS,
    curves=CURVES,
    answers={
        HISTORY: _answer(61, HISTORY, "fuse", "history", "/v1/history", page="1", page_size="100"),
        WITHDRAWALS: _answer(37, WITHDRAWALS, "egera", "withdrawals/BTC", "/", action="withdrawals"),
    },
    clean=False,
    postings=_POSTED,
    trial_balance=valued.trial_balance(_ROLLED, _POSTED),
    positions=valued.POSITIONS,
    gains=valued.gains(at(11, "16:20:33")),
    open_lots=valued.open_lots(at(11)),
    prices=valued.prices(at(30), HISTORY),
    policies=valued.POLICIES,
    run="3: pull, 2025-04-01 04:27:11 UTC",
)  # fmt: skip


def many(count: int) -> Books:
    """The same month with ``count`` transactions, and as many postings."""
    rows = [*islice(cycle(BOOKS.transactions), count)]
    posted = [*islice(cycle(_POSTED), count)]
    moments = [START + timedelta(seconds=number) for number in range(count)]
    return replace(
        BOOKS,
        transactions=[row._replace(at=moment) for row, moment in zip(rows, moments, strict=True)],
        postings=[
            row._replace(at=moment)
            for row, moment in zip(sorted(posted, key=lambda one: one[:2]), moments, strict=True)
        ],
    )
