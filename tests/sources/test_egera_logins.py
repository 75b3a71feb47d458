"""Egera: the login history, whose documented question is that of the trades, and the four units of its times."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon.core.canonical import identity
from recon.core.contracts import Request
from recon.core.errors import SourceError
from recon.core.records import Row
from recon.demo.egera import Egera
from recon.sources._egera_rows import when
from recon.sources._rows import RowFault
from recon.sources.egera import SOURCE
from tests.sources.drive import JUNK, Read, as_bytes, drive, moves, nearly, of_egera
from tests.sources.egera_answers import DEPOSIT, TRADE, WITHDRAWAL, literal, settings

LOGIN = {
    "timestamp": "1556024864185000",
    "ip": "192.0.2.1",
    "city": "Gdynia",
    "country": "Poland",
    "device": "phone",
    "status": "1",
    "country_code": "PL",
}


def logins(answer: Any) -> Read:
    """The stream, where the doubtful question brings what is given."""
    usual = literal()

    def reply(request: Request) -> bytes:
        asked = request.params.get("action") == "history"
        return as_bytes({"success": True, **answer}) if asked else usual(request)

    return drive(SOURCE, settings(login_history=True), reply)["logins"]


def rows(*listed: Any) -> list[Row]:
    return logins({str(number): row for number, row in enumerate(listed)}).rows()


def test_logins_are_asked_for_only_when_the_settings_say_so() -> None:
    off = drive(SOURCE, settings(), literal())["logins"]
    assert off.stream.unasked == "login_history is off: it is personal data"
    assert off.asked == []
    on = drive(SOURCE, settings(login_history=True), literal())["logins"]
    assert [one.params for one in on.asked] == [{"method": "account", "action": "history"}]
    assert on.stream.beside
    assert on.stream.optional


def test_trades_in_place_of_logins_are_told_as_not_served() -> None:
    for trades in ([], [TRADE]):
        read = logins({"history": trades})
        assert read.error
        assert read.error.kind == "venue_error"
        assert "brings the trades" in str(read.error)
        assert read.passed is None


def test_a_login_is_kept_with_all_its_fields_and_posts_nothing() -> None:
    (row,) = rows(LOGIN)
    assert row.at == datetime(2019, 4, 23, 13, 7, 44, 185000, UTC)
    assert (row.kind, row.status, row.postings, row.quantity) == ("login", "settled", (), 0)
    assert json.loads(row.data) == LOGIN
    assert row.pointer == "/0"


@pytest.mark.parametrize("name", LOGIN)
def test_logins_that_differ_in_any_field_are_two(name: str) -> None:
    one, twin, other = rows(LOGIN, LOGIN, LOGIN | {name: "1556024864185001"})
    assert one.identity == twin.identity != other.identity


def test_logins_come_in_the_order_of_their_numbers() -> None:
    many = {str(number): LOGIN for number in reversed(range(12))}
    assert [row.pointer for row in logins(many).rows()] == [f"/{number}" for number in range(12)]


def test_no_login_at_all_is_an_empty_history_and_anything_else_is_refused() -> None:
    assert logins({}).rows() == []
    with pytest.raises(SourceError, match="no login history"):
        logins({"volumes": []}).rows()


@given(listed=st.lists(nearly({name: st.just(value) for name, value in LOGIN.items()}), max_size=4))
def test_logins_of_any_shape_come_out_as_many_as_they_went_in_and_post_nothing(listed: list[Any]) -> None:
    found = rows(*listed)
    assert len(found) == len(listed)
    assert all(not moves(row) and identity(row.identity) for row in found)
    assert all(row.kind == "login" or row.kind.startswith("odd: ") for row in found)


@given(answer=st.dictionaries(st.text(), JUNK, max_size=3))
def test_a_login_answer_of_any_shape_is_read_or_refused(answer: Any) -> None:
    answer.pop("success", None)
    read = logins(answer)
    numbered = sum(name.isascii() and name.isdecimal() for name in answer)
    if "history" in answer:
        assert read.error
    elif answer and not numbered:
        with pytest.raises(SourceError, match="no login history"):
            read.rows()
    else:
        assert len(read.rows()) == numbered


def test_the_stand_in_serves_logins_where_its_books_hold_no_trades() -> None:
    (row,) = drive(SOURCE, settings(login_history=True), of_egera(Egera({"logins": [LOGIN]})))[
        "logins"
    ].rows()
    assert json.loads(row.data) == LOGIN
    both = drive(SOURCE, settings(login_history=True), of_egera(Egera({"logins": [LOGIN], "trades": []})))
    assert both["logins"].error


def test_every_member_of_a_login_that_is_about_a_person_stays_out_of_reports() -> None:
    assert LOGIN.keys() - SOURCE.personal == {"timestamp", "status"}
    assert {"email", "phone", "nick", "name", "surname", "last_ip"} <= SOURCE.personal


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        (1531917577, "2018-07-18T12:39:37+00:00"),
        ("1530883428", "2018-07-06T13:23:48+00:00"),
        (1516130375658, "2018-01-16T19:19:35.658000+00:00"),
        ("1531132114012", "2018-07-09T10:28:34.012000+00:00"),
        ("1556024864185000", "2019-04-23T13:07:44.185000+00:00"),
        ("0.44158900 1659461340", "2022-08-02T17:29:00.441589+00:00"),
        ("1230768000", "2009-01-01T00:00:00+00:00"),
        ("4102444799999999", "2099-12-31T23:59:59.999999+00:00"),
    ],
    ids=repr,
)
def test_a_time_is_seconds_milliseconds_microseconds_or_a_fraction_and_seconds(
    stated: Any, moment: str
) -> None:
    for row in (
        drive(SOURCE, settings(), literal(history={"history": [TRADE | {"time_close": stated}]}))["trades"],
        drive(SOURCE, settings(), literal(deposits={"btc": [DEPOSIT | {"time": stated}]}))["deposits/BTC"],
        drive(SOURCE, settings(), literal(withdrawals={"btc": [WITHDRAWAL | {"time": stated}]}))[
            "withdrawals/BTC"
        ],
        logins({"0": LOGIN | {"timestamp": stated}}),
    ):
        assert [found.at.isoformat() for found in row.rows()] == [moment]


@pytest.mark.parametrize(
    "stated",
    [
        "1230767999", "1230767999999", "4102444800000000", "0", "-1531917577", "1e9", "1531917577.5", "",
        "0.44158900 165946134", "0.44158900 99999999999", "1.44158900 1659461340", "0.44158900  1659461340",
        "0.44158900 16594613401 ", "2022-08-02", False, None, [1531917577],
    ],
    ids=repr,
)  # fmt: skip
def test_a_time_out_of_all_sense_is_none(stated: Any) -> None:
    with pytest.raises(RowFault):
        when(stated)
