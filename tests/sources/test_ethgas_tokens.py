"""ETHGas: what token ids mean, and what the venue states beside rows and balances."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.contracts import Request
from recon.core.errors import ReconError, SourceError
from recon.core.records import Fact
from recon.demo.ethgas import EthGas
from recon.demo.venues import load_all
from recon.sources.ethgas import SOURCE
from tests.sources.drive import JUNK, Read, as_bytes, drive, of_ethgas
from tests.sources.ethgas_answers import (
    ACCOUNT,
    KEY,
    MEMBERS,
    TOKEN,
    WETH,
    WRAPPED,
    deposit,
    of_ids,
    says,
    settings,
    tx,
)

LIMITS = "/v1/p/funding/withdraw/dailyWithdrawLimits"


def pulled(
    answers: dict[str, Any], *, silent: tuple[str, ...] = (), known: tuple[str, ...] = ()
) -> dict[str, Read]:
    return drive(SOURCE, settings(), says(answers, silent=silent), known=known)


def told(found: list[Fact]) -> list[tuple[str, str, str]]:
    return [(fact.subject, fact.name, fact.value) for fact in found]


def test_the_sample_books_state_their_facts() -> None:
    reads = drive(SOURCE, settings(), of_ethgas(EthGas(load_all()["ethgas"])))
    facts = {name: told(found.facts()) for name, found in reads.items() if found.stream.facts}
    assert facts["tokens"] == [
        ("token 1", "code", "ETH"),
        ("token 1", "decimals", "18"),
        ("token 1", "withdrawFee", "0.0005"),
        ("token 1", "price", "1852.41"),
        ("token 1", "tokenAddress", WETH.lower()),
    ]
    assert facts["fees"] == [
        ("trading fees", "buyFeeRate", "0.01"),
        ("trading fees", "primarySellFeeRate", "0.09"),
        ("trading fees", "secondarySellFeeRate", "0.05"),
    ]
    assert ("token 1 chain 1", "withdrawFee", "0.0005") in facts["limits"]
    assert ("user", "onchainPayout", "true") in facts["user"]
    assert facts["account/129"] == [
        ("account 129 ETH", "quantity", "13.39595636637201"),
        ("account 129 ETH", "lockedQuantity", "0.75"),
    ]
    held = {one.account: one.total for one in reads["balances"].holdings()}
    assert [str(held[number]) for number in ("128", "129")] == [
        facts[f"account/{n}"][0][2] for n in (128, 129)
    ]


def test_every_fact_points_at_what_it_states() -> None:
    reads = drive(SOURCE, settings(), of_ethgas(EthGas(load_all()["ethgas"])))
    (fact,) = [one for one in reads["tokens"].facts() if one.name == "price"]
    assert fact.pointer == "/data/tokens/0/price"
    assert [one.pointer for one in reads["account/129"].facts()] == [
        "/data/account/tokens/0/quantity",
        "/data/account/tokens/0/lockedQuantity",
    ]


def test_nothing_about_the_person_is_a_fact() -> None:
    user = {"displayName": "Jan", "address": "0xaa", "payoutAddress": "0xbb", "onchainPayout": False}
    found = pulled({"/v1/user/info": user})["user"].facts()
    assert told(found) == [("user", "onchainPayout", "false"), ("user", "payoutAddress", "0xbb")]


def test_a_token_that_only_the_table_names_has_its_code_everywhere() -> None:
    second = {**WRAPPED, "tokenId": 2, "code": "Usdc", "decimals": 6, "tokenAddress": "0x2"}
    held = {**TOKEN, "tokenId": 2, "quantity": "7", "code": None}
    answers = {
        "/v1/p/tokens": [WRAPPED, second],
        "/v1/user/accounts": [{**ACCOUNT, "tokens": [held]}],
        "/v1/user/account/128": {**ACCOUNT, "tokens": [held]},
        "/v1/user/account/128/txs": [tx(5, tokenId="2")],
    }
    reads = pulled(answers)
    assert reads["txs/128"].rows()[0].asset == "USDC"
    assert reads["balances"].holdings()[0].asset == "USDC"
    assert reads["account/128"].facts()[0].subject == "account 128 USDC"


@pytest.mark.parametrize("answers", [{}, {"/v1/p/tokens": [{"tokenId": "x"}]}, {"/v1/p/tokens": 5}], ids=repr)
def test_without_a_usable_table_the_accounts_name_the_tokens_and_raw_units_are_not_asked_for(
    answers: dict[str, Any],
) -> None:
    silent = () if answers else ("/v1/p/tokens",)
    reads = pulled({**answers, "/v1/user/account/128/txs": [tx(5)]}, silent=silent)
    assert reads["txs/128"].rows()[0].asset == "ETH"
    assert "token table" in reads["funding/deposits"].stream.unasked
    assert not reads["funding/withdraws"].stream.unasked


def test_a_token_id_with_two_codes_is_refused_and_nothing_else_is_asked() -> None:
    reads = pulled({"/v1/p/tokens": [{**WRAPPED, "code": "BTC"}], "/v1/user/account/128/txs": [tx(5)]})
    with pytest.raises(SourceError, match="elsewhere"):
        reads["tokens"].facts()
    assert [name for name, found in reads.items() if not found.stream.blocked] == ["accounts", "tokens"]
    assert "disagree" in reads["txs/128"].stream.blocked
    other = {**ACCOUNT, "accountId": 129, "tokens": [{**TOKEN, "code": "BTC"}]}
    reads = pulled({"/v1/user/accounts": [ACCOUNT, other]})
    assert reads["accounts"].passed
    with pytest.raises(SourceError, match="elsewhere"):
        reads["accounts"].stream.seen(reads["accounts"].passed.answers)
    assert reads["balances"].stream.blocked


def test_codes_that_differ_in_case_alone_agree() -> None:
    assert not pulled({"/v1/p/tokens": [{**WRAPPED, "code": "eth"}]})["balances"].stream.unasked


@pytest.mark.parametrize(
    ("path", "stream", "shape"),
    [
        ("/v1/p/tokens", "tokens", [{**WRAPPED, "decimals": "x"}]),
        ("/v1/p/tokens", "tokens", [{**WRAPPED, "decimals": -1}]),
        ("/v1/p/tokens", "tokens", [{**WRAPPED, "code": 5}]),
        ("/v1/p/tokens", "tokens", [WRAPPED, {**WRAPPED, "decimals": 6}]),
        ("/v1/p/tokens", "tokens", [None]),
        ("/v1/p/user/fees", "fees", {}),
        (LIMITS, "limits", [{"tokenId": 1}]),
        (LIMITS, "limits", {"tokenId": 1}),
        ("/v1/user/info", "user", []),
        ("/v1/user/account/128", "account/128", {**ACCOUNT, "accountId": 129}),
        ("/v1/user/account/128", "account/128", {**ACCOUNT, "tokens": [{**TOKEN, "quantity": "x"}]}),
        ("/v1/user/account/128", "account/128", {"tokens": []}),
    ],
    ids=repr,
)
def test_facts_of_another_shape_are_refused(path: str, stream: str, shape: Any) -> None:
    with pytest.raises(SourceError):
        pulled({path: shape})[stream].facts()


@pytest.mark.parametrize("listed", [[5], ["0x"], ["0xzz"], [{"publicKey": None}], [[KEY]], {}], ids=repr)
def test_validators_without_keys_are_refused_and_no_payout_is_asked_for(listed: Any) -> None:
    reads = pulled({"/v1/user/validators": listed})
    found = reads["validators"]
    assert found.passed
    with pytest.raises(SourceError):
        found.stream.seen(found.passed.answers)
    assert not [name for name in reads if name.startswith("payouts")]


def test_whatever_the_venue_need_not_serve_is_optional_and_the_rest_goes_on() -> None:
    every = pulled({"/v1/user/validators": [KEY]})
    optional = {name for name, found in every.items() if found.stream.optional}
    assert every.keys() - optional == {"accounts", "txs/128", "balances"}
    asked = {request.path for name in optional for request in every[name].asked}
    reads = pulled({"/v1/user/account/128/txs": [tx(5)]}, silent=tuple(asked))
    assert len(reads["txs/128"].rows()) == len(reads["balances"].holdings()) == 1


def test_streams_say_which_account_and_asset_they_are_about() -> None:
    reads = pulled({"/v1/user/validators": [KEY]})
    about = {name: (one.stream.account, one.stream.asset) for name, one in reads.items()}
    assert {name: found for name, found in about.items() if found != ("", "")} == {
        "txs/128": ("128", ""),
        "account/128": ("128", ""),
        f"payouts/{KEY}": ("", "ETH"),
    }


def test_only_the_transactions_of_each_account_post() -> None:
    reads = drive(SOURCE, settings(), of_ethgas(EthGas(load_all()["ethgas"])))
    beside = {name for name, found in reads.items() if found.stream.beside}
    posting = {
        name
        for name, found in reads.items()
        if found.stream.rows and any(row.postings for row in found.rows())
    }
    assert posting == {"txs/128", "txs/129"}
    assert beside == {name for name, found in reads.items() if found.stream.rows} - posting


def test_every_request_is_on_the_allow_list_and_no_entry_is_idle() -> None:
    venue = EthGas({**of_ids(5), "validators": [KEY], "tokens": [WRAPPED], "deposits": [deposit(1)]})
    asked = [
        request for found in drive(SOURCE, settings(), of_ethgas(venue)).values() for request in found.asked
    ]
    for rule in SOURCE.allowed:
        assert any(re.fullmatch(rule.path, request.path) for request in asked), rule
    for request in asked:
        assert any(re.fullmatch(rule.path, request.path) for rule in SOURCE.allowed), request
    assert venue.violations == []


@given(
    found=JUNK
    | st.lists(JUNK | st.dictionaries(st.sampled_from(["tokenId", "code", "publicKey", "a", "q"]), JUNK))
)
def test_answers_of_any_shape_are_read_or_refused(found: Any) -> None:
    def reply(request: Request) -> bytes:
        if request.path == "/v1/user/accounts":
            return says({})(request)
        names = [*MEMBERS.values(), "fees", "account"]
        page = [] if request.params.keys() & {"startId", "startBlockId", "startSlot"} else found
        return as_bytes({"success": True, "data": dict.fromkeys(names, page)})

    for stream, _, passed, error in drive(SOURCE, settings(), reply).values():
        if passed is None:
            assert stream.unasked or (error and error.kind == "payload")
            continue
        try:
            for one in (stream.holdings or stream.rows or stream.facts or (lambda _: ()))(passed.answers):
                assert not stream.beside or not getattr(one, "postings", ())
            stream.seen(passed.answers)
        except ReconError:
            continue
