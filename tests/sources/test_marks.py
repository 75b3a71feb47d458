"""The hash and the address of a transfer come with its row as the venue states them."""

from collections.abc import Sequence
from typing import Any

import pytest

from recon.core.records import Row
from recon.demo.egera import Egera
from recon.demo.ethgas import EthGas
from recon.sources import csv, egera, ethgas
from recon.sources._rows import mark
from tests.sources.drive import drive, of_egera, of_ethgas
from tests.sources.ethgas_answers import settings as gas_settings
from tests.sources.test_cryptofuse_opinions import payment, withdrawal
from tests.sources.test_cryptofuse_opinions import rows as fuse

EGERA = {"kind": "egera", "base_url": "https://a.example", "account_id": "1", "key": "env:KEY"}


def marks(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [(row.txid, row.address) for row in rows]


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("0xAbC", "0xAbC"),
        (" x ", " x "),
        ("", ""),
        (None, ""),
        (7, ""),
        (["0xab"], ""),
        ("a\x00b", "a\\u0000b"),
    ],
)
def test_a_mark_is_the_text_as_stated_or_nothing(stated: Any, kept: str) -> None:
    assert mark(stated) == kept


@pytest.mark.parametrize(("kind", "txid"), [("0xAA", "0xAA"), ("FT25", "FT25"), ("sepa", ""), ("", "")])
def test_egera_calls_a_deposits_hash_its_type_where_it_is_no_mere_word(kind: str, txid: str) -> None:
    books = {
        "balances": {"BTC": {"active": "1", "inactive": "0"}},
        "deposits": {"btc": [{"time": "1736000000", "amount": "1.0", "type": kind, "state": "1"}]},
        "withdrawals": {
            "btc": [{"time": "1736000000", "amount": "1.0", "tx": kind, "address": "bc1", "state": "1"}]
        },
    }
    reads = drive(egera.SOURCE, egera.Settings.model_validate(EGERA), of_egera(Egera(books)))
    assert marks(reads["deposits/BTC"].rows()) == [(txid, "")]
    assert marks(reads["withdrawals/BTC"].rows()) == [(kind, "bc1")]
    assert all(row.txid == row.address == "" for row in reads["trades"].rows())


def test_cryptofuse_states_them_beside_the_books_in_the_words_of_each_edition() -> None:
    told = payment("1", transaction_hash="0xAB", blockchain_address="0xCD")
    assert marks(fuse("payments", told)) == [("0xAB", "0xCD")]
    assert marks(fuse("payments", payment("1", transaction_hash=None, address="0xEF"))) == [("", "0xEF")]
    assert marks(fuse("withdrawals", withdrawal(address="T1"))) == [("0xab", "T1")]
    listed = {"id": "t", "type": "payment", "amount": "1", "currency": "BTC", "status": "completed"}
    listed |= {"created_at": "2025-01-15T10:00:00Z", "transaction_hash": "h1", "blockchain_address": "b1"}
    assert marks(fuse("transactions", listed)) == [("h1", "b1")]


def test_ethgas_states_them_in_its_funding() -> None:
    token = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
    books = {
        "accounts": [
            {"accountId": 128, "tokens": [{"tokenId": 1, "code": "ETH", "quantity": "1", "lockedQuantity": "0"}]}
        ],
        "tokens": [{"tokenId": 1, "code": "ETH", "tokenAddress": token, "decimals": 18}],
        "deposits": [
            {
                "eventId": 1, "chainId": 1, "blockIdx": 5, "transactionHash": "0xA1", "logIdx": 1, "status": 10,
                "senderAddress": "0xffff", "depositAddress": "0xB2", "createDate": 1736500000000,
                "deposits": [{"a": token, "q": 10**18, "s": 10}],
            }
        ],
        "withdraws": [
            {
                "requestId": 1, "accountId": 128, "tokenId": 1, "chainId": 1, "quantity": "1", "fee": "0",
                "status": 10, "txHash": "0xC3", "createDate": 1736500000000, "updateDate": 1736500000000,
            }
        ],
    }  # fmt: skip
    reads = drive(ethgas.SOURCE, gas_settings(), of_ethgas(EthGas(books)))
    assert marks(reads["funding/deposits"].rows()) == [("0xA1", "0xB2")]
    assert marks(reads["funding/withdraws"].rows()) == [("0xC3", "")]


def test_a_file_states_the_hash() -> None:
    lines = (
        "timestamp,kind,asset,quantity,txid",
        "2025-01-01T00:00:00Z,deposit,BTC,1,0xAB",
        "2025-01-02T00:00:00Z,fee,BTC,1,",
    )
    body = "\n".join(lines).encode()
    reads = drive(
        csv.SOURCE,
        csv.Settings.model_validate({"kind": "csv", "path": "*.csv"}),
        lambda _: body,
        files=["f.csv"],
    )
    assert marks(reads["f.csv"].rows()) == [("0xAB", ""), ("", "")]
