"""Nothing that changes state at a venue can leave: every such call, and every disguise of one, is refused unsent."""

import ast
import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, unquote_plus

import httpcore2
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from recon.core.contracts import Request, Source, World
from recon.core.errors import ForbiddenRequest
from recon.core.registry import catalogue
from tests.architecture._code import is_within, product, uses

CASES = Path(__file__).resolve().parents[1] / "cases" / "state_changing_calls.json"
CALLS: Mapping[str, list[str]] = {
    kind: told["calls"] for kind, told in json.loads(CASES.read_text(encoding="utf-8")).items()
}
EVERY = [(kind, call) for kind, calls in CALLS.items() for call in calls]
SOURCES = catalogue("recon.sources", "SOURCE", Source)
HOST = "venue.example"
BASES = {"egera": "", "cryptofuse": "/api/v1", "ethgas": "/api"}
CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "egera": {"account_id": "1", "key": "env:CANARY"},
    "cryptofuse": {
        "token_url": f"https://{HOST}/o/token/", "client_id": "recon", "client_secret": "env:CANARY",
    },
    "ethgas": {
        "access_token": "env:CANARY", "refresh_token": "env:CANARY", "signer_command": "sign",
        "address": "0x" + "1" * 40,
    },
}  # fmt: skip
BODY = {"wallet_id": "w_1", "amount": "100", "currency": "BTC", "address": "bc1q", "addr": "0x1"}


class Line(NamedTuple):
    """A request as it would go over the wire."""

    method: str
    target: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def request(self) -> httpcore2.Request:
        url = httpcore2.URL(scheme=b"https", host=HOST.encode(), port=None, target=self.target.encode())
        length = [("Content-Length", str(len(self.body)))] if self.body else []
        return httpcore2.Request(
            self.method.encode(), url, headers=[("Host", HOST), *length, *self.headers], content=self.body
        )


@pytest.fixture(scope="module")
def asks() -> Iterator[Mapping[str, Any]]:
    """A way to ask each venue, over which nothing can be sent, looked up or sealed without failing the test."""
    tried: list[Any] = []

    def attempt(*what: Any, **more: Any) -> Any:
        tried.append(what)
        raise OSError("nothing may be opened here")

    def clock() -> datetime:
        return datetime(2025, 3, 1, tzinfo=UTC)

    world = World(seal=attempt, now=clock, monotonic=lambda: 0.0, sleep=attempt, folder=Path(), spent=())
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("CANARY", "canary")
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, attempt)
        patch.setattr(socket, "getaddrinfo", attempt)
        made = {}
        for kind, path in BASES.items():
            table = SOURCES[kind].settings(kind=kind, base_url=f"https://{HOST}{path}", **CREDENTIALS[kind])
            made[kind] = stack.enter_context(SOURCES[kind].connect(kind, table, world))
        yield made
        assert not tried


def test_every_venue_has_its_list() -> None:
    venues = {kind: source for kind, source in SOURCES.items() if not source.publisher}
    assert set(CALLS) == {kind for kind, source in venues.items() if source.allowed}


def test_who_publishes_prices_is_only_read() -> None:
    publishers = [source for source in SOURCES.values() if source.publisher]
    assert {call.method for source in publishers for call in source.allowed} == {"GET"}
    assert not any(source.logins for source in publishers)


@pytest.mark.parametrize(("kind", "call"), EVERY)
@pytest.mark.parametrize("verb", ["as documented", "GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_call_that_changes_state_is_refused(
    kind: str, call: str, verb: str, asks: Mapping[str, Any]
) -> None:
    stated, _, target = call.partition(" ")
    method = verb if verb != "as documented" else stated.replace("*", "GET")
    path, _, query = target.partition("?")
    for params in (dict(parse_qsl(query)), {}, BODY, dict(parse_qsl(query)) | BODY):
        if not _changes(kind, Line(method, f"{path}?{query}", b"")):
            continue
        with pytest.raises(ForbiddenRequest) as told:
            asks[kind]("rows", Request(method=method, path=path, params=params))
        assert "canary" not in str(told.value)


@pytest.mark.parametrize(("kind", "call"), EVERY)
def test_it_is_refused_at_the_last_lock_too(kind: str, call: str, asks: Mapping[str, Any]) -> None:
    method, _, target = call.partition(" ")
    json_type = (("Content-Type", "application/json"),)
    for body, headers in ((b"", ()), (b"{}", json_type), (json.dumps(BODY).encode(), json_type)):
        line = Line(method.replace("*", "GET"), BASES[kind] + target, body, headers)
        with pytest.raises(ForbiddenRequest):
            asks[kind].pool.handle_request(line.request())


def _spelt(text: str) -> st.SearchStrategy[str]:
    """Ways in which somebody may write the same path or word, and have it taken for the same."""
    letters = st.integers(0, max(len(text) - 1, 0))
    return st.one_of(
        st.just(text),
        st.sampled_from([text.upper(), text.title(), text + "/", text.rstrip("/"), f"/{text}", text + "//"]),
        st.sampled_from([f"/.{text}", f"/x/..{text}", f"{text};x=1", text.replace("/", "%2f"), text + "%00"]),
        st.sampled_from([text + " ", text + "\t", f"/api{text}", f"/api/v1{text}", text.replace("/", "\\")]),
        letters.map(lambda at: f"{text[:at]}%{ord(text[at : at + 1] or '/'):02X}{text[at + 1 :]}"),
        letters.map(lambda at: f"{text[:at]}{text[at : at + 1].swapcase()}{text[at + 1 :]}"),
    )


BODIES = st.sampled_from([b"{}", b"action=withdrawal", b'{"action":"withdrawal"}', json.dumps(BODY).encode()])
HEADERS = [
    ("Content-Type", "application/json"),
    ("Content-Type", "application/x-www-form-urlencoded"),
    ("X-HTTP-Method-Override", "POST"),
]


@st.composite
def _disguised(draw: st.DrawFn) -> tuple[str, Line]:
    """A state-changing call, one or two of its parts bent and the rest as a harmless request has them."""
    kind, call = draw(st.sampled_from(EVERY))
    stated, _, target = call.partition(" ")
    path, _, query = target.partition("?")
    bent = draw(st.sets(st.sampled_from(["method", "base", "path", "query", "body", "headers"]), max_size=2))
    methods = st.sampled_from(["GET", "POST", "post", "Get", "HEAD", "PUT", "GET ", "PO\u017fT"])
    method = draw(methods) if "method" in bent else stated.replace("*", "GET")
    base = draw(st.sampled_from(["", "/api", "/v1", "//"])) if "base" in bent else BASES[kind]
    path = draw(_spelt(path)) if "path" in bent else path
    body = draw(BODIES | st.binary(max_size=20)) if "body" in bent else b""
    headers = (draw(st.sampled_from(HEADERS)),) if "headers" in bent else ()
    if "query" in bent:
        query = draw(_bent_query(query))
    elif "body" in bent and query:
        query = "method=account&action=info"
    return kind, Line(method, f"{base}{path}?{query}" if query else f"{base}{path}", body, headers)


@st.composite
def _bent_query(draw: st.DrawFn, query: str) -> str:
    """Its own names and values oddly spelt, a harmless pair beside them, joined as some servers take it."""
    harmless = [("method", "account"), ("action", draw(st.sampled_from(["info", "history", "deposits"])))]
    bent = [(draw(_spelt(name)), draw(_spelt(value))) for name, value in parse_qsl(query)]
    pairs = draw(
        st.permutations([*harmless, *bent]) | st.permutations([*harmless, *parse_qsl(query)]) | st.just(bent)
    )
    joint = draw(st.sampled_from(["&", "&", ";", "&amp;", "&&", "%26"]))
    extra = draw(st.sampled_from(["", "", "&limit=1", "&_method=POST", "&X-HTTP-Method=POST"]))
    return joint.join(f"{name}={value}" for name, value in pairs) + extra


@settings(
    max_examples=400,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(_disguised())
@example(("egera", Line("GET", "/?method=account&action=info&action=withdrawal", b"")))
@example(("egera", Line("GET", "/?method=account&action=info", b"action=withdrawal")))
@example(("cryptofuse", Line("GET", "/api/v1/payments/", b"", (("X-HTTP-Method-Override", "POST"),))))
@example(("cryptofuse", Line("POST", "/api/v1/wallets/", b"{}", (("Content-Type", "application/json"),))))
@example(("ethgas", Line("GET", "/api/v1/validator/onchain/payout", b"")))
def test_no_disguise_lets_one_through(asks: Mapping[str, Any], drawn: tuple[str, Line]) -> None:
    kind, line = drawn
    assume(_changes(kind, line))
    try:
        request = line.request()
    except (TypeError, ValueError):
        return
    with pytest.raises(ForbiddenRequest):
        asks[kind].pool.handle_request(request)


def _changes(kind: str, line: Line) -> bool:
    """Whether the most forgiving of servers could take this for a call of the list."""
    overrides = dict(
        re.findall(r"(?:_method|X-HTTP-Method(?:-Override)?)=(\w+)", line.target) and [("m", "POST")]
    )
    methods = {
        line.method.strip().upper(),
        *overrides.values(),
        *(value for name, value in line.headers if "Method" in name),
    }
    path, _, query = line.target.partition("?")
    words = unquote_plus(unquote_plus(f"{query}&{line.body.decode('latin-1')}")).lower()
    for call in CALLS[kind]:
        method, _, target = call.partition(" ")
        wanted, _, asked = target.partition("?")
        action = dict(parse_qsl(asked)).get("action")
        if action is not None:
            if re.search(rf"\b{action}\b", words):
                return True
        elif _settled(path).removeprefix("/api").removeprefix("/v1") == _settled(wanted).removeprefix(
            "/v1"
        ) and (method == "*" or method in methods):
            return True
    return False


def _settled(path: str) -> str:
    """A path as forgiving servers read it: unescaped, in small letters, no doubled slashes, no dots, no semicolon."""
    text = unquote(unquote(path)).lower().replace("\\", "/").partition(";")[0].strip("\0\t ")
    steps: list[str] = []
    for step in text.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step.strip())
    return "/" + "/".join(steps)


def test_the_forgiving_server_sees_through_disguises() -> None:
    for kind, line in (
        ("egera", Line("GET", "/?method=account&Action%5B%5D=withdrawal", b"")),
        ("egera", Line("GET", "/?method=account&action=info", b'{"action": "withdrawal"}')),
        ("cryptofuse", Line("post", "/api/v1//x/../Wallets%2fTransfer/", b"")),
        ("ethgas", Line("PUT", "/api/v1/slot/%66orceEmptyBlockSpace;x", b"")),
    ):
        assert _changes(kind, line)
    assert not _changes("egera", Line("GET", "/?method=account&action=withdrawals", b""))
    assert not _changes("cryptofuse", Line("GET", "/api/v1/payments/", b""))


WAYS_OUT = ("httpcore2", "socket", "ssl", "http.client", "urllib.request", "asyncio.open_connection")
URL_MAKERS = (
    "urllib.parse.urlencode",
    "urllib.parse.urlunsplit",
    "urllib.parse.urlunparse",
    "urllib.parse.urljoin",
)
THE_WAY_OUT = ("recon/sources/_guard.py", "recon/sources/_http.py")


def test_only_the_guarded_transport_builds_an_address_or_opens_a_connection() -> None:
    """A stand-in venue listens, and asks nobody."""
    found = [
        f"{module.path}:{use.line} uses {use.name}"
        for module in product()
        if not module.path.startswith((*THE_WAY_OUT, "recon/demo/"))
        for use in uses(module)
        if any(is_within(use.name, name) for name in WAYS_OUT + URL_MAKERS)
    ]
    found += [
        f"{module.path}:{node.lineno} builds an address"
        for module in product()
        if not module.path.startswith((*THE_WAY_OUT, "recon/demo/"))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.JoinedStr) and re.match("https?:", _beginning(node))
    ]
    assert not found, "\n".join(found)


def _beginning(text: ast.JoinedStr) -> str:
    first = text.values[0] if text.values else None
    return str(first.value) if isinstance(first, ast.Constant) else ""
