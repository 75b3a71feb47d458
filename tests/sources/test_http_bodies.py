"""A POST that reads carries the listed members as JSON, a request for a token its fields; nothing else has a body."""

import json

import httpcore2
import pytest
from pydantic import SecretStr

from recon.core.contracts import Allowed, Request
from recon.core.errors import ForbiddenRequest
from recon.sources._guard import FORM, JSON, check, place, rules
from recon.sources._http import ClientCredentials
from tests.sources.bench import CANARY, Bench
from tests.sources.hostile import hostile

READ_BY_POST = rules(
    place("https://host.example", "key"),
    [Allowed(method="POST", path="/transfers/", body=frozenset({"wallet_id", "limit"}), why="a test")],
)


def _post(
    body: bytes, *, method: str = "POST", target: str = "/transfers/", kind: str | None = "application/json"
) -> httpcore2.Request:
    url = httpcore2.URL(scheme=b"https", host=b"host.example", port=None, target=target.encode())
    headers = [("Host", "host.example"), ("Content-Length", str(len(body)))]
    headers += [("Content-Type", kind)] if kind else []
    return httpcore2.Request(method, url, headers=headers, content=body)


BODIES = [
    b"", b"null", b"[]", b'"wallet_id"', b"{", b"wallet_id=w", b'{"wallet_id":"w","amount":"1"}', b'{"Wallet_id":"w"}',
    b'{"wallet_id":"w","wallet_id":"v"}', b'{"wallet_id":["w"]}', b'{"wallet_id":{"a":1}}', b'{"wallet_id":null}',
    b'{"wallet_id":true}', b'{"wallet_id":1.5}', b'{"wallet_id":1e5}', b'{"wallet_id":NaN}', b'{"wallet_id": "w"}',
    b'{"wallet_id":"w"}\n', b'\xef\xbb\xbf{"wallet_id":"w"}', b'{"wallet\\u005fid":"w"}', b'{"wallet_id":"w"}{}',
    b'{"wallet_id":"\xff"}', b"[" * 100_000, b'{"wallet_id":' + b"9" * 5000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=lambda one: one[:30].decode("latin-1"))
def test_a_body_has_the_listed_members_in_one_spelling_only(body: bytes) -> None:
    check(_post(b'{"wallet_id":"w","limit":5}'), READ_BY_POST)
    with pytest.raises(ForbiddenRequest):
        check(_post(body), READ_BY_POST)


def test_a_read_by_post_has_no_query_and_says_that_it_is_json() -> None:
    body = b'{"wallet_id":"w"}'
    for request in (
        _post(body, target="/transfers/?limit=5"),
        _post(body, target="/transfers/?"),
        _post(body, kind="application/x-www-form-urlencoded"),
        _post(body, kind=None),
        _post(body, target="/transfers"),
        _post(body, method="PUT"),
        _post(body, method="GET"),
    ):
        with pytest.raises(ForbiddenRequest):
            check(request, READ_BY_POST)


def test_without_listed_members_there_is_no_body() -> None:
    bare = rules(
        place("https://host.example", "key"), [Allowed(method="POST", path="/transfers/", why="a test")]
    )
    for body in (b"{}", b" ", b'{"wallet_id":"w"}'):
        with pytest.raises(ForbiddenRequest):
            check(_post(body), bare)


@pytest.mark.parametrize(
    "form",
    [
        "",
        "a=1",
        "a=1&b=2&c=3",
        "a=1&b=2&b=3",
        "b=2&a=1&a=1",
        "a=1&B=2",
        "a=1&b=%32",
        "a=1&b=2&",
        "a=1;b=2",
        "a=1&b",
    ],
)
def test_a_request_for_a_token_has_exactly_its_fields(form: str) -> None:
    allowed = Allowed(method="POST", path="/transfers/", body=frozenset("ab"), why="a test")
    listed = rules(place("https://host.example", "key"), [allowed], FORM)
    kind = FORM.decode()
    check(_post(b"a=1&b=2", kind=kind), listed)
    for body, said in ((form.encode(), kind), (b"a=1&b=2", JSON.decode()), (b'{"a":"1","b":"2"}', kind)):
        with pytest.raises(ForbiddenRequest):
            check(_post(body, kind=said), listed)


def test_a_stream_cannot_ask_where_tokens_come_from(bench: Bench) -> None:
    """Its answer would be sealed."""
    form = {"grant_type": "client_credentials", "scope": "read", "client_id": "recon", "client_secret": "x"}
    with hostile() as venue:
        auth = ClientCredentials(f"{venue.url}/o/token/", "recon", SecretStr(CANARY), form=True)
        with pytest.raises(ForbiddenRequest):
            bench.ask(venue, auth=auth)("rows", Request(method="POST", path="/o/token/", params=form))
        assert venue.connections == 0


def test_a_read_by_post_carries_its_params_as_json_and_is_sealed_with_them(bench: Bench) -> None:
    allowed = Allowed(method="POST", path="/transfers/", body=frozenset({"wallet_id", "limit"}), why="a test")
    params: dict[str, str | int] = {"wallet_id": "w_1 \u017c", "limit": 100}
    with hostile() as honest:
        bench.ask(honest, allowed=(allowed,))(
            "rows", Request(method="POST", path="/transfers/", params=params)
        )
    head, _, body = honest.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /transfers/ HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json" in head
    assert b"\r\nAuthorization: Bearer " in head
    assert json.loads(body) == params
    assert [dict(one.params) for one in bench.answers()] == [params]
