"""What the stand-in venues share: requests, responses, the server on loopback, where the sample data lie.

A venue is an object with one method, ``answer(request) -> response``. A test that wants a venue to throttle,
cut, expire or lie subclasses it and overrides ``answer``, or serves any other object that has the method.
"""

import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Thread
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

VENUES = ("egera", "cryptofuse", "ethgas")

Books = dict[str, Any]
"""One venue's books as plain JSON. Each venue's module says which keys it reads; all of them are optional."""


class Request(NamedTuple):
    """What a client sent. Header names are lower case; of a repeated query name the last value counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


class Response(NamedTuple):
    """What goes back. A ``Content-Length`` given here is sent as it is: one too large cuts the answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Answers(Protocol):
    """Whatever can be served."""

    def answer(self, request: Request) -> Response:
        """The response to one request; ``ConnectionError`` hangs up instead."""
        ...


class Venue(ABC):
    """A venue that remembers every request, and apart from them those that no reader of books may send."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.violations: list[Request] = []

    def answer(self, request: Request) -> Response:
        """Remember the request, then answer it."""
        self.requests.append(request)
        return self.reply(request)

    @abstractmethod
    def reply(self, request: Request) -> Response:
        """The venue's own answer."""


def as_json(value: Any, status: int = 200) -> Response:
    """A response that carries a value as compact JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, {"Content-Type": "application/json"}, body)


def bearer(request: Request) -> str | None:
    """The token of ``Authorization: Bearer``, or None without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" and token else None


def sample_path() -> Path:
    """The folder of the sample data: inside an installed package, else at the root of a checkout."""
    here = Path(__file__).resolve()
    places = (here.parent / "sample_data", here.parents[2] / "sample_data")
    for place in places:
        if (place / "egera.json").is_file():
            return place
    raise FileNotFoundError(f"no sample data in {places[0]} or {places[1]}")


def load(path: Path) -> Books:
    """One venue's books from a JSON file."""
    books: Books = json.loads(path.read_text(encoding="utf-8"))
    return books


def load_all(folder: Path | None = None) -> dict[str, Books]:
    """The books of all venues, by the venue's name; without a folder those of the sample data."""
    place = folder or sample_path()
    return {name: load(place / f"{name}.json") for name in VENUES}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def server_bind(self) -> None:
        # HTTPServer asks the resolver for the host's name here, which can take seconds without a network.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])
        self.connections: set[socket.socket] = set()

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self.connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def stop(self) -> None:
        """Stop listening and hang up kept-alive connections, so that a stopped venue answers nobody."""
        self.shutdown()
        self.server_close()
        for connection in tuple(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one write

    def __init__(self, venue: Answers, *args: Any) -> None:
        self.venue = venue
        super().__init__(*args)

    def handle(self) -> None:
        # Either side may hang up, and nobody needs to read about it.
        with suppress(ConnectionError):
            super().handle()

    def finish(self) -> None:
        with suppress(ConnectionError):
            super().finish()

    def _exchange(self) -> None:
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self.venue.answer(Request(self.command, target.path, query, headers, body))
        self.send_response(response.status)
        length = response.headers.get("Content-Length", str(len(response.body)))
        for name, value in {**response.headers, "Content-Length": length}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)
        if length != str(len(response.body)):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _exchange  # noqa: N815 - http.server's names

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(venue: Answers) -> Iterator[str]:
    """Serve a venue on a free port of 127.0.0.1 from a background thread; yields its URL without a path."""
    server = _Server(("127.0.0.1", 0), partial(_Handler, venue))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.stop()
        thread.join()
