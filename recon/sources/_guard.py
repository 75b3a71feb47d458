"""The last lock before the socket: only listed requests pass, and no wait outlasts the source's time.

It is a connection pool of httpcore2, the part below httpx2's client, and not a client: so nothing here follows a
redirect, keeps a cookie, or reads proxies and passwords from the environment. A client's timeouts hold for one read
each, and a venue that doles out a byte at a time never meets them; here every read is given the time that is left.
"""

import json
import logging
import re
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpcore2

from recon.core.contracts import Allowed
from recon.core.errors import ConfigError, ForbiddenRequest
from recon.sources._settings import LOOPBACK

PATIENCE_S = 30.0
"""The longest wait for a connection, or for the next bytes."""
JSON, FORM = b"application/json", b"application/x-www-form-urlencoded"
_HEADERS = {
    b"host", b"user-agent", b"accept", b"accept-encoding", b"authorization", b"x-api-key", b"cookie",
    b"content-type", b"content-length",
}  # fmt: skip
_PLAIN_PATH = re.compile(rb"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?")
_PLAIN_NAME = re.compile(r"[a-z0-9_]+")


class Place(NamedTuple):
    """Where requests start from: scheme, host and port, which alone may be reached, and a path before theirs."""

    origin: httpcore2.Origin
    netloc: str
    path: str

    @property
    def url(self) -> str:
        """The address without the path."""
        return f"{self.origin.scheme.decode()}://{self.netloc}"


class Rule(NamedTuple):
    """One kind of request that may pass. ``fields`` are those of its body, and ``kind`` its Content-Type.

    A form has all of them, a JSON object any; without fields there is no body.
    """

    start: Place
    method: bytes
    path: re.Pattern[bytes]
    action: str | None
    fields: frozenset[str] = frozenset()
    kind: bytes = JSON


def place(url: str, key: str) -> Place:
    """The Place an URL names. Raises ConfigError naming ``key`` unless it is https, or http on a loopback address."""
    refused = ConfigError("not an address that can be asked", where=key, next_step="Give https://HOST/PATH")
    try:
        parts = urlsplit(url)
        host, port, path = (parts.hostname or "").encode("idna"), parts.port, parts.path.encode()
    except ValueError:
        raise refused from None
    if (
        not host
        or not _PLAIN_PATH.fullmatch(path)
        or parts.query
        or parts.fragment
        or parts.username is not None
    ):
        raise refused
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ConfigError(
            "without TLS anybody on the way could read the secret and change the figures",
            where=key,
            next_step="Give https://HOST/PATH (plain http is for loopback addresses only)",
        )
    shown = f"[{host.decode()}]" if b":" in host else host.decode()
    standard = {"https": 443, "http": 80}[parts.scheme]
    return Place(
        origin=httpcore2.Origin(parts.scheme.encode(), host, port or standard),
        netloc=shown if port in (None, standard) else f"{shown}:{port}",
        path=parts.path,
    )


def rules(start: Place, allowed: Iterable[Allowed], kind: bytes = JSON) -> tuple[Rule, ...]:
    """A source's allow-list as rules for the whole path."""
    return tuple(
        Rule(
            start=start,
            method=one.method.encode(),
            path=re.compile(re.escape(start.path.encode()) + b"(?:" + one.path.encode() + b")"),
            action=one.action,
            fields=one.body,
            kind=kind,
        )
        for one in allowed
    )


def packed(params: Mapping[str, str | int], kind: bytes) -> bytes:
    """A body in the one spelling that passes."""
    return (urlencode(params) if kind == FORM else json.dumps(params, separators=(",", ":"))).encode()


def outgoing(
    start: Place,
    method: str,
    path: str,
    query: Sequence[tuple[str, str | int]],
    headers: Mapping[str, str],
    content: bytes = b"",
) -> httpcore2.Request:
    """A request as it goes over the wire. The path is never read as part of an address: it cannot name another host."""
    target = f"{path}?{urlencode(query)}" if query else path
    scheme, host, port = start.origin.scheme, start.origin.host, start.origin.port
    own = {"Host": start.netloc, "Content-Length": str(len(content))} if content else {"Host": start.netloc}
    return httpcore2.Request(
        method=method.encode(),
        url=httpcore2.URL(scheme=scheme, host=host, port=port, target=target.encode()),
        headers=[(name.encode(), value.encode()) for name, value in (own | dict(headers)).items()],
        content=content,
    )


def check(request: httpcore2.Request, permitted: Iterable[Rule]) -> bytes:
    """The body of a request that one of the rules allows. Raises ForbiddenRequest for any other."""
    origin, (path, mark, query) = request.url.origin, request.url.target.partition(b"?")
    action = _action(query.decode("latin-1")) if query or not mark else "ambiguous"
    body = b"".join(cast("Iterable[bytes]", request.stream))
    if not _PLAIN_PATH.fullmatch(path) or not any(
        (rule.start.origin, rule.method, rule.action) == (origin, request.method, action)
        and rule.path.fullmatch(path)
        and (not query or rule.method == b"GET")
        and _plain_headers(request.headers, rule, body)
        and _plain_body(body, rule)
        for rule in permitted
    ):
        raise ForbiddenRequest(
            f"{request.method!a} {origin} path {path!a} action {action!a} is on no allow-list"
        )
    return body


def _plain_headers(headers: Iterable[tuple[bytes, bytes]], rule: Rule, body: bytes) -> bool:
    """Whether each is one that we send, once; no other may stand in for the method, the host or the body's kind."""
    pairs = [(name.lower(), value) for name, value in headers]
    found = dict(pairs)
    stated = (found.get(b"host"), found.get(b"content-type"), found.get(b"content-length"))
    length = str(len(body)).encode()
    expected = (
        (rule.start.netloc.encode(), rule.kind, length)
        if rule.fields
        else (rule.start.netloc.encode(), None, None)
    )
    return len(found) == len(pairs) and found.keys() <= _HEADERS and stated == expected


def _plain_body(body: bytes, rule: Rule) -> bool:
    """Whether a body has the fields it may have, each once, and one spelling only: no reader takes it differently."""
    if not rule.fields:
        return not body
    try:
        if rule.kind == FORM:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True)
            return (
                sorted(name for name, _ in pairs) == sorted(rule.fields) and packed(dict(pairs), FORM) == body
            )
        value = json.loads(body, parse_int=int, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(value, dict)
        and value.keys() <= rule.fields
        and all(type(one) in (str, int) for one in value.values())
        and packed(value, JSON) == body
    )


def _action(query: str) -> str | None:
    """``method/action`` as a query states them, None where it states neither.

    A query that two readers could take differently (a name twice or oddly spelt, an unusual encoding) has an action
    that no rule names: PHP, for one, trims names, changes some of their letters, and lets the last of two win.
    """
    pairs = parse_qsl(query, keep_blank_values=True)
    found = {name.lower(): value for name, value in pairs}
    plain = all(_PLAIN_NAME.fullmatch(name) for name in found)
    if not plain or len(found) != len(pairs) or urlencode(pairs) != query:
        return "ambiguous"
    if not found.keys() & {"method", "action"}:
        return None
    return f"{found.get('method', '')}/{found.get('action', '')}"


class Deadline:
    """The end of a source's time, which begins with its first question."""

    def __init__(self, monotonic: Callable[[], float], seconds: float) -> None:
        self.seconds = seconds
        self._monotonic = monotonic
        self._ends: float | None = None

    def begin(self) -> None:
        """Starts the clock, unless it runs already."""
        if self._ends is None:
            self._ends = self._monotonic() + self.seconds

    def left(self) -> float:
        """Seconds until the end; none or fewer after it."""
        return self.seconds if self._ends is None else self._ends - self._monotonic()

    def patience_s(self) -> float:
        """How long the next step on a connection may take. Raises once no time is left."""
        left = self.left()
        if left <= 0:
            raise httpcore2.ReadTimeout
        return min(left, PATIENCE_S)


class GuardedPool(httpcore2.ConnectionPool):
    """Connections, kept for the next request, that carry what a rule allows and nothing else."""

    def __init__(self, permitted: Sequence[Rule], deadline: Deadline) -> None:
        super().__init__(network_backend=_Backend(deadline))
        self._permitted = permitted
        # Its lines of level DEBUG quote the venue's headers, and with them its cookies.
        logging.getLogger("httpcore2.http11").addFilter(_no_headers)

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Sends what is allowed, made anew of what was looked at and of nothing else."""
        body = check(request, self._permitted)
        target, origin = request.url.target, request.url.origin
        url = httpcore2.URL(scheme=origin.scheme, host=origin.host, port=origin.port, target=target)
        return super().handle_request(
            httpcore2.Request(request.method, url, headers=request.headers, content=body)
        )


class _Backend(httpcore2.SyncBackend):
    """Opens connections of which no step takes longer than the source has left."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in _addresses(host, port, self._deadline.patience_s()):
            try:
                stream = super().connect_tcp(
                    address, port, self._deadline.patience_s(), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream, self._deadline)
        raise failed


def _addresses(host: str, port: int, patience_s: float) -> list[str]:
    """A host's addresses. The system's own look-up knows no time limit, so it is waited for from outside."""
    answers: SimpleQueue[list[Any] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            answers.put(error)

    Thread(target=look_up, daemon=True).start()
    try:
        found = answers.get(timeout=patience_s)
    except Empty:
        raise httpcore2.ConnectTimeout from None
    if isinstance(found, OSError):
        raise httpcore2.ConnectError(str(found))
    return [address for *_, (address, *_) in found]


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends in time."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.patience_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.patience_s())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(
            self._stream.start_tls(ssl_context, server_hostname, self._deadline.patience_s()), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _no_headers(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG
