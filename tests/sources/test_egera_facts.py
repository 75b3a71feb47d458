"""Egera: what it states beside rows and balances, and its public files."""

from collections import defaultdict
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.contracts import Request
from recon.core.errors import ReconError, SourceError
from recon.core.records import Fact
from recon.demo.egera import Egera
from recon.demo.venues import load_all
from recon.sources.egera import ALLOWED, SOURCE, judge
from tests.sources.drive import JUNK, NOW, Read, drive, nearly, of_egera
from tests.sources.egera_answers import BALANCES, TRADE, literal, settings

OFFER = {
    "nr": "884213",
    "currency1": "btc",
    "currency2": "pln",
    "amount": "0.50",
    "price": "100.01",
    "id_user_open": "1",
    "time_open": "1531132114012",
    "offertype": "bid",
}
PUBLIC = {"time": 1531917577, "nr": "77", "amount": "0.010", "price": "20955.35", "type": "a"}


def facts(stream: str, **answers: Any) -> list[tuple[str, str, str]]:
    found = drive(SOURCE, settings(), literal(**answers))[stream].facts()
    return [(one.subject, one.name, one.value) for one in found]


def market(*rows: Any, **changes: Any) -> list[Fact]:
    data = {"market1": "btc", "market2": "pln", "timestamp": 1531917577}
    return drive(SOURCE, settings(), markets(history_btcpln={"data": data, "history": list(rows)} | changes))[
        "market/btc_pln"
    ].facts()


def markets(**answers: Any) -> Any:
    """The account traded BTC for PLN and holds EUR, and the ticker has five markets."""
    ticker = {name: {"last": "1"} for name in ("btc_pln", "btc_eur", "eth_pln", "BTC_PLN", "btc_../x")}
    info = {"balances": BALANCES | {"EUR": {"active": "0.00", "inactive": "-0.01"}}}
    return literal(**{"ticker": ticker, "history": {"history": [TRADE]}, "info": info} | answers)


def refusal(stream: str, **answers: Any) -> str:
    with pytest.raises(SourceError) as refused:
        facts(stream, **answers)
    assert refused.value.kind == "payload"
    return str(refused.value)


def test_the_affiliate_programme_is_kept_as_stated_and_posts_nothing() -> None:
    stated = {
        "earned": 1.50,
        "verified": "3",
        "registered": "4",
        "earnTabele": {"btc": "0.010", "eth": False},
        "list": [{"id": "7", "b": 1}],
    }
    assert facts("affiliate", affiliate={"affiliate": stated}) == [
        ("affiliate", "earned", "1.5"),
        ("affiliate", "verified", "3"),
        ("affiliate", "registered", "4"),
        ("BTC", "earned", "0.01"),
        ("ETH", "earned", "0"),
        ("affiliate", "list", '{"b":"1","id":"7"}'),
    ]
    assert drive(SOURCE, settings(), literal())["affiliate"].stream.rows is None


ROW = {"id": "7", "Email": "x", "nick": "x", "by": {"name": "x", "to": ["a@example.com", 5]}, "a@b.c": 1}


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        ([ROW], ['{"by":{"to":["(withheld)","5"]},"id":"7"}']),
        ({"0": ROW}, ['{"by":{"to":["(withheld)","5"]},"id":"7"}']),
        (ROW, ['"7"', '{"to":["(withheld)","5"]}']),
        (["a@example.com", "7"], ['"(withheld)"', '"7"']),
        ("a@example.com", ['"(withheld)"']),
        (False, []),
    ],
    ids=repr,
)
def test_a_row_of_the_affiliate_list_is_kept_without_what_is_about_a_person(
    listed: Any, kept: list[str]
) -> None:
    found = facts("affiliate", affiliate={"affiliate": {"earnTabele": [], "list": listed}})
    assert found == [("affiliate", "list", one) for one in kept]


def test_limits_are_kept_as_stated() -> None:
    assert facts("limits", limits={"limitMonthly": 5000000, "limitYearly": False}) == [
        ("account", "limitMonthly", "5000000"),
        ("account", "limitYearly", "0"),
    ]
    assert "limitYearly" in refusal("limits", limits={"limitMonthly": 0})


def test_volumes_are_counted_and_kept() -> None:
    rows = [{"amount": "1.50", "currency": "btc"}, {"amount": 0, "currency": "eth"}]
    assert facts("volumes", volumes={"volumes": rows}) == [("BTC", "volume", "1.5"), ("ETH", "volume", "0")]
    read = drive(SOURCE, settings(), literal(volumes={"volumes": rows}))["volumes"]
    assert read.passed
    assert read.stream.seen(read.passed.answers) == 2


def test_an_offer_states_its_fields_and_what_it_locks() -> None:
    sale = OFFER | {"nr": 9, "offertype": "ask", "currency1": "eth", "time_open": 1531132114}
    assert facts("offers", activeoffers={"offers": [OFFER, sale, OFFER | {"nr": "1"}]})[:5] == [
        ("884213", "pair", "btc_pln"),
        ("884213", "offertype", "bid"),
        ("884213", "amount", "0.5"),
        ("884213", "price", "100.01"),
        ("884213", "time_open", "2018-07-09T10:28:34.012000Z"),
    ]
    found = facts("offers", activeoffers={"offers": [OFFER, sale, OFFER | {"nr": "1"}]})
    assert ("9", "time_open", "2018-07-09T10:28:34.000000Z") in found
    # each purchase costs 0.5 * 100.01 = 50.005, half up 50.01
    assert found[-2:] == [("ETH", "locked", "0.5"), ("PLN", "locked", "100.02")]


def test_the_sample_books_lock_what_their_offers_need() -> None:
    reads = drive(SOURCE, settings(), of_egera(Egera(load_all()["egera"])))
    locked = {one.subject: Decimal(one.value) for one in reads["offers"].facts() if one.name == "locked"}
    assert locked == {one.asset: one.locked for one in reads["balances"].holdings() if one.locked}
    assert locked


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"offertype": "swap"}, "neither bid nor ask"),
        ({"offertype": ["bid"]}, "neither bid nor ask"),
        ({"nr": None}, "has no nr"),
        ({"amount": False}, "bool"),
        ({"price": "1,5"}, "not a number"),
        ({"time_open": "0"}, "cannot be read"),
        ({"time_open": None}, "has no time"),
        ({"amount": "9" * 18, "price": "9" * 18}, ""),
        ({"amount": "9" * 18 + "." + "9" * 18, "price": "9" * 18 + "." + "9" * 18}, "too long"),
    ],
    ids=repr,
)
def test_an_offer_that_cannot_be_understood_is_refused_by_name(change: Any, why: str) -> None:
    told = refusal("offers", activeoffers={"offers": [OFFER, OFFER | change]})
    assert "/offers/1" in told
    assert why in told


def test_the_ticker_is_kept_at_the_moment_of_its_answer() -> None:
    row = {
        "last": "325238.730",
        "ask": 7,
        "bid": "x",
        "volumen": "12.4",
        "max24H": "9",
        "min24H": None,
        "change": "%",
    }
    read = drive(SOURCE, settings(), literal(ticker={"btc_pln": row}))["ticker"]
    found = read.facts()
    assert [(one.subject, one.name, one.value) for one in found] == [
        ("btc_pln", "last", "325238.73"),
        ("btc_pln", "ask", "7"),
        ("btc_pln", "bid", "x"),
        ("btc_pln", "volumen", "12.4"),
        ("btc_pln", "max24H", "9"),
        ("btc_pln", "min24H", "null"),
    ]
    assert read.passed
    assert {one.at for one in found} == {read.passed.answers[0].at}
    assert found[3].pointer == "/btc_pln/volumen"


def test_a_public_trade_is_kept_under_its_number_at_its_time() -> None:
    price, amount, *others = market(PUBLIC, PUBLIC | {"nr": 78, "time": "1531917578"})
    assert (price.subject, price.name, price.value, price.pointer) == (
        "77",
        "price",
        "20955.35",
        "/history/0/price",
    )
    assert (amount.name, amount.value, amount.at) == ("amount", "0.01", price.at)
    assert price.at.isoformat() == "2018-07-18T12:39:37+00:00"
    assert {one.subject for one in others} == {"78"}


@pytest.mark.parametrize(
    "odd",
    [
        {"nr": None},
        {"time": None},
        {"time": 5},
        {"price": None},
        {"price": "x"},
        {"amount": False},
        {"nr": ""},
    ],
    ids=repr,
)
def test_a_public_trade_that_cannot_be_read_is_refused_with_its_place(odd: Any) -> None:
    with pytest.raises(SourceError, match="/history/1"):
        market(PUBLIC, PUBLIC | odd)


@pytest.mark.parametrize("data", [{}, {"market1": "pln", "market2": "btc"}, {"market1": ["btc"]}, [], None])
def test_the_trades_of_another_market_are_refused(data: Any) -> None:
    with pytest.raises(SourceError):
        market(PUBLIC, data=data)


def asked_markets(known: tuple[str, ...] = (), **answers: Any) -> dict[str, Read]:
    reads = drive(SOURCE, settings(), markets(**answers), known=known)
    return {name.removeprefix("market/"): read for name, read in reads.items() if name.startswith("market/")}


def test_a_market_is_asked_when_both_its_currencies_were_traded_or_are_held() -> None:
    assert set(asked_markets()) == {"btc_pln", "btc_eur"}
    assert set(asked_markets(history={"history": []})) == set()
    assert set(asked_markets(info=None)) == set(), "trades are not asked for without it"
    assert asked_markets()["btc_eur"].asked == [Request(method="GET", path="/stats/history_btceur.json")]


def test_a_market_once_asked_is_asked_again_until_the_ticker_drops_it() -> None:
    earlier = ("market/eth_pln", "market/doge_pln")
    found = asked_markets(earlier)
    assert {name: read.stream.unasked for name, read in found.items()} == {
        "btc_pln": "",
        "btc_eur": "",
        "eth_pln": "",
        "doge_pln": "the ticker names it no more",
    }
    assert not any(read.stream.unasked for read in asked_markets(earlier, ticker=None).values())


def test_every_public_read_goes_without_a_word_of_the_account() -> None:
    reads = drive(SOURCE, settings(), of_egera(Egera(load_all()["egera"])))
    public = [one for read in reads.values() for one in read.asked if one.path != "/"]
    assert len(public) == 6
    assert not any(one.params for one in public)


def test_exactly_these_reads_may_leave_the_program() -> None:
    actions = "getwalletsstatus info history deposits withdrawals activeoffers volumes affiliate limits"
    assert {(rule.method, rule.path, rule.action) for rule in ALLOWED} == {
        *(("GET", "/", f"account/{action}") for action in actions.split()),
        ("GET", r"/stats/ticker\.json", None),
        ("GET", r"/stats/history_[a-z0-9]+\.json", None),
    }
    reads = drive(SOURCE, settings(login_history=True), of_egera(Egera(load_all()["egera"])))
    used = {one.params.get("action") for read in reads.values() for one in read.asked}
    assert used == {*actions.split(), None}


def test_the_sample_books_fill_every_stream_of_facts() -> None:
    reads = drive(SOURCE, settings(), of_egera(Egera(load_all()["egera"])))
    counts = {name: len(read.facts()) for name, read in reads.items() if read.stream.facts}
    assert min(counts.values()) > 0
    assert sum(name.startswith("market/") for name in counts) == 5
    said = repr([read.facts() for read in reads.values() if read.stream.facts])
    assert not any(one in said for one in ("biuro@", "+480000", "192.0.2.10", "Sp. z o.o.", "918872936"))


@pytest.mark.parametrize(
    "answer",
    [None, [], 5, {"success": False}, {"success": "true"}, {"success": 1}, {"history": []}, {"code": "1"}],
    ids=repr,
)
def test_an_answer_that_does_not_state_success_is_an_error_of_the_venue(answer: Any) -> None:
    assert judge(answer) is not None


@pytest.mark.parametrize(
    "answer",
    [{"success": True}, {}, {"btc_pln": {"last": "1"}}, {"data": {"market1": "btc"}, "history": []}],
    ids=repr,
)
def test_public_files_count_without_stating_success(answer: Any) -> None:
    assert judge(answer) is None


def test_an_error_is_told_with_its_code_and_the_venues_own_time() -> None:
    stated = {"success": False, "timestamp": "0.44158900 1659461340", "code": 5052, "message": "no"}
    told = judge(stated)
    assert told
    assert told.text == "code 5052: no (its time 2022-08-02T17:29:00.441589Z)"
    told = judge({"success": False, "timestamp": [1]})
    assert told
    assert told.text == "code none: success is not true"


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"5", b"null", b'"x"', b'{"success": true}', b"[[]]"], ids=repr
)
def test_an_answer_of_another_kind_is_refused_or_empty_in_every_stream(body: bytes) -> None:
    known = ["deposits/BTC", "market/btc_pln"]
    reads = drive(SOURCE, settings(login_history=True), lambda request: body, known=known)
    assert {"wallets", "account", "deposits/BTC", "balances", "offers", "limits", "logins"} <= reads.keys()
    for read in reads.values():
        found: list[Any] = []
        if read.passed:
            with suppress(SourceError):
                found += (read.stream.facts or read.stream.rows or read.stream.holdings or (lambda _: ()))(
                    read.passed.answers
                )
        assert found == []


ANY_OFFER = nearly({name: st.just(value) for name, value in OFFER.items()})
ANY_PUBLIC = nearly({name: st.just(value) for name, value in PUBLIC.items()})


@given(
    offers=st.lists(ANY_OFFER, max_size=3) | JUNK, trades=st.lists(ANY_PUBLIC, max_size=3) | JUNK, other=JUNK
)
def test_facts_of_any_shape_are_texts_or_refused(offers: Any, trades: Any, other: Any) -> None:
    data = {"market1": "btc", "market2": "pln"}
    reply = markets(
        activeoffers={"offers": offers},
        history_btcpln={"data": data, "history": trades},
        affiliate={"affiliate": {"earned": other, "earnTabele": other, "list": other}},
        limits={"limitMonthly": other, "limitYearly": other},
        volumes={"volumes": [other, {"amount": other, "currency": other}]},
        ticker={"btc_pln": {"last": other}, "x": other},
    )
    places: dict[str, int] = defaultdict(int)
    for name, read in drive(SOURCE, settings(), reply, known=["market/btc_pln"]).items():
        if read.stream.facts:
            assert read.passed
            with suppress(ReconError):
                for one in read.facts():
                    places[name] += 1
                    assert all(type(part) is str for part in one[:3])
                    assert "\x00" not in f"{one.subject}{one.value}{one.pointer}"
                    assert one.at.tzinfo is not None
                    assert one.at <= NOW.replace(year=2100)
                assert read.stream.seen(read.passed.answers) >= 0
    assert places["limits"] == 2
