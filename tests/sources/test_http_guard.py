"""What is not on a source's allow-list never reaches a socket."""

import re
from collections.abc import Iterator, Sequence

import httpcore2
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from recon.core.contracts import Allowed, Ask, Request, Source
from recon.core.errors import ConfigError, ForbiddenRequest, SourceError
from recon.sources._auth import Auth
from recon.sources._guard import JSON, Deadline, GuardedPool, Rule, check, outgoing, packed, place, rules
from recon.sources._http import Bearer, QueryKey
from recon.sources.cryptofuse import SOURCE as CRYPTOFUSE
from recon.sources.egera import SOURCE as EGERA
from recon.sources.ethgas import SOURCE as ETHGAS
from tests.sources.bench import CANARY, Bench
from tests.sources.hostile import Hostile, hostile, say

KEY = SecretStr(CANARY)
ASKED = {"method": "account", "action": "history"}
"""What Egera may be asked for."""


@pytest.fixture
def venue() -> Iterator[Hostile]:
    """Fails the test when anybody so much as connects."""
    with hostile() as server:
        yield server
        assert (server.connections, server.requests) == (0, [])


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"method": "account"},
        {"action": "history"},
        {"method": "account", "action": "History"},
        {"method": "Account", "action": "history"},
        {"method": "account/history", "action": ""},
        {"method": "", "action": "account/history"},
        {"Method": "account", "method": "account", "action": "history"},
        ASKED | {"Action": "withdrawal"},
        ASKED | {" action": "withdrawal"},
        ASKED | {"action ": "withdrawal"},
        ASKED | {"action\0": "withdrawal"},
        ASKED | {"action[]": "withdrawal"},
        ASKED | {"acti%6fn": "withdrawal"},
        ASKED | {"x&action": "withdrawal"},
        ASKED | {"x;action": "withdrawal"},
        ASKED | {"": "withdrawal"},
        ASKED | {"id": "1"},
        ASKED | {"KEY": "another"},
    ],
    ids=str,
)
def test_egera_is_asked_only_in_the_one_spelling(
    params: dict[str, str], bench: Bench, venue: Hostile
) -> None:
    _forbidden(_egera(bench, venue), Request(method="GET", path="/", params=params))


@pytest.mark.parametrize(
    "path",
    [
        "", "//", "/.", "/..", "/../", "/%2e%2e/", "/?", "/#", "/;x", "/index.php", "\\", "/\\", "@evil.example/",
        ".evil.example/", ":1/", "//evil.example/", "http://evil.example/", "/ HTTP/1.1\r\nX: y\r\n\r\n",
        "/\n", "/\u0130",
    ],
)  # fmt: skip
def test_egera_is_asked_only_at_its_root(path: str, bench: Bench, venue: Hostile) -> None:
    _forbidden(_egera(bench, venue), Request(method="GET", path=path, params=ASKED))


@pytest.mark.parametrize("verb", ["get", "Get", "GET ", "", "POST", "PUT", "HEAD", "GET\r\nX: y", "G\u00c9T"])
def test_egera_is_asked_only_by_get(verb: str, bench: Bench, venue: Hostile) -> None:
    _forbidden(_egera(bench, venue), Request(method=verb, path="/", params=ASKED))


@pytest.mark.parametrize(
    "path",
    [
        "/v1/user/account/1/txs/", "/v1/user/account/1/txs/../../../account", "/v1/user/account/1%2f2/txs",
        "/v1/user/account//txs", "/v1//user/accounts", "/v1/user/accounts/.", "/v1/user/accounts%00",
        "/v1/user/account/\u0661/txs", "/v1/user/accounts\n", "/./v1/user/accounts",
    ],
)  # fmt: skip
def test_a_path_has_only_one_spelling(path: str, bench: Bench, venue: Hostile) -> None:
    _forbidden(bench.ask(venue, allowed=ETHGAS.allowed), Request(method="GET", path=path))


def test_a_source_without_actions_may_not_state_one(bench: Bench, venue: Hostile) -> None:
    for params in ({"action": "x"}, {"method": "x"}, {"Action": "x"}):
        _forbidden(
            bench.ask(venue, allowed=ETHGAS.allowed),
            Request(method="GET", path="/v1/user/accounts", params=params),
        )


def test_a_careless_allow_list_still_takes_no_odd_path(bench: Bench, venue: Hostile) -> None:
    anything = (Allowed(method="GET", path=".*", why="a careless pattern"),)
    for path in ("/a/../b", "/a%2fb", "//b", "/a;b", "/a b", "/a?b", "/a\r\nb"):
        _forbidden(bench.ask(venue, allowed=anything), Request(method="GET", path=path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    verb=st.sampled_from(["GET", "POST", "get", "PUT"]) | st.text(max_size=5),
    path=st.sampled_from(["/", "//", "/x"]) | st.text(max_size=8),
    params=st.dictionaries(
        st.sampled_from(["method", "action", "currency", "action[]", "action "]) | st.text(max_size=8),
        st.sampled_from(["account", "history", "withdrawal", "info"]) | st.text(max_size=8),
        max_size=5,
    ),
)
def test_whatever_is_not_listed_is_forbidden(
    verb: str, path: str, params: dict[str, str], guard: GuardedPool
) -> None:
    listed = f"{params.get('method')}/{params.get('action')}" in {one.action for one in EGERA.allowed}
    plain = all(re.fullmatch("[A-Za-z0-9_]+", name) for name in params)
    assume(not (verb == "GET" and path == "/" and listed and plain))
    with pytest.raises(ForbiddenRequest):
        guard.handle_request(
            outgoing(place("https://api.egera.example", "key"), verb, path, [*params.items()], {})
        )


@pytest.mark.parametrize("source", [EGERA, CRYPTOFUSE, ETHGAS], ids=lambda one: one.kind)
@given(data=st.data())
def test_whatever_is_listed_may_be_asked(source: Source, data: st.DataObject) -> None:
    start = place("https://host.example/api", "key")
    one = data.draw(st.sampled_from(source.allowed))
    path = data.draw(st.from_regex(one.path, fullmatch=True, alphabet=st.characters(codec="ascii")))
    method, _, action = (one.action or "").partition("/")
    stated = [("method", method), ("action", action)] if one.action else []
    query = [*stated, ("limit", "2")] if one.method == "GET" else []
    content = packed(dict.fromkeys(one.body, "x"), JSON) if one.body else b""
    headers = {"Content-Type": JSON.decode()} if one.body else {}
    assert (
        check(
            outgoing(start, one.method, start.path + path, query, headers, content),
            rules(start, source.allowed),
        )
        == content
    )


@pytest.fixture
def guard() -> Iterator[GuardedPool]:
    with GuardedPool(_listed("https://api.egera.example"), Deadline(lambda: 0.0, 9)) as pool:
        yield pool


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://api.egera.example", "/?method=account&action=withdrawal"),
        ("https://api.egera.example", "/?method=account&action=history&action=withdrawal"),
        ("https://api.egera.example", "/?method=account&action=history;action=withdrawal"),
        ("https://api.egera.example", "/?method=account&action=history&acti%6Fn=withdrawal"),
        ("https://api.egera.example", "/?method=account&action=history&+action=withdrawal"),
        ("https://api.egera.example", "/?method=account&action=histor%79"),
        ("https://api.egera.example", "/?method=account&action=history&x"),
        ("https://api.egera.example", "/?method=account&action=history#"),
        ("https://api.egera.example", "?method=account&action=history"),
        ("https://api.egera.example", "https://evil.example/?method=account&action=history"),
        ("http://api.egera.example", "/?method=account&action=history"),
        ("https://api.egera.example:444", "/?method=account&action=history"),
        ("https://egera.example", "/?method=account&action=history"),
        ("https://api.egera.example.evil.example", "/?method=account&action=history"),
        ("https://127.0.0.1", "/?method=account&action=history"),
    ],
)
def test_the_lock_looks_at_what_goes_over_the_wire(address: str, target: str, guard: GuardedPool) -> None:
    headers = [("Host", "api.egera.example")]
    start = httpcore2.URL(address)
    url = httpcore2.URL(scheme=start.scheme, host=start.host, port=start.port, target=target)
    with pytest.raises(ForbiddenRequest):
        guard.handle_request(httpcore2.Request("GET", url, headers=headers))
    disguised = httpcore2.URL("https://api.egera.example/?method=account&action=history")
    if address == "https://api.egera.example":
        with pytest.raises(ForbiddenRequest):
            guard.handle_request(
                httpcore2.Request("GET", disguised, headers=headers, extensions={"target": target.encode()})
            )
    check(httpcore2.Request("GET", disguised, headers=headers), _listed("https://api.egera.example"))


@pytest.mark.parametrize(
    "header",
    [
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Forwarded-Host", "evil.example"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Length", "5"),
        ("Content-Type", "application/json"),
        ("host", "evil.example"),
        ("Host", "api.egera.example"),
    ],
    ids=str,
)
def test_no_header_stands_in_for_another_request(header: tuple[str, str], guard: GuardedPool) -> None:
    url = httpcore2.URL("https://api.egera.example/?method=account&action=history")
    headers = [("Host", "api.egera.example"), ("User-Agent", "recon")]
    check(httpcore2.Request("GET", url, headers=headers), _listed("https://api.egera.example"))
    with pytest.raises(ForbiddenRequest):
        guard.handle_request(httpcore2.Request("GET", url, headers=[*headers, header]))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("auth", [Bearer(KEY), QueryKey("1", KEY)], ids=["header", "query"])
def test_no_redirect_is_followed(status: int, auth: Auth, bench: Bench, venue: Hostile) -> None:
    decoy = venue.url.replace("127.0.0.1", "localhost")
    with (
        hostile(say(status, b"", f"Location: {decoy}/?key={CANARY}")) as honest,
        pytest.raises(SourceError) as refused,
    ):
        bench.rows(honest, auth=auth)
    assert refused.value.kind == "redirect"
    assert refused.value.what == f"HTTP {status} to localhost"


def test_proxies_of_the_environment_are_passed_by(
    bench: Bench, venue: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, venue.url)
        monkeypatch.setenv(name.lower(), venue.url)
    monkeypatch.setenv("NO_PROXY", "")
    with hostile() as honest:
        bench.rows(honest)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.egera.example", "http://127.0.0.1.evil.example", "ftp://127.0.0.1", "https://", "https://a:b@c",
        "https://host:99999", "https://[::1", "https://host/a?b=c", "https://host/#x", "https://host/../x",
        "https://" + "a" * 64, "//host", "", "http://localhost@evil.example",
    ],
)  # fmt: skip
def test_an_address_that_is_not_safe_to_ask_is_a_configuration_error(url: str, bench: Bench) -> None:
    with pytest.raises(ConfigError) as refused:
        bench.ask(url)
    assert refused.value.where == "sources.venue.base_url"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://host.example", "https://host.example"),
        ("https://HOST.example:443/a/", "https://host.example"),
        ("https://host.example:8443", "https://host.example:8443"),
        ("https://żółw.example", "https://xn--w-uga1v8h.example"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("http://localhost:443", "http://localhost:443"),
    ],
)
def test_an_address_has_one_spelling(url: str, shown: str) -> None:
    assert place(url, "key").url == shown


def _egera(bench: Bench, venue: Hostile) -> Ask:
    return bench.ask(venue, allowed=EGERA.allowed, auth=QueryKey("1", KEY))


def _listed(url: str) -> Sequence[Rule]:
    return rules(place(url, "key"), EGERA.allowed)


def _forbidden(ask: Ask, request: Request) -> None:
    with pytest.raises(ForbiddenRequest) as refused:
        ask("rows", request)
    assert CANARY not in str(refused.value)
