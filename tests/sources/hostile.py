"""A server on loopback that answers as a broken or malicious venue would: bytes as given, in the manner given."""

import socket
import ssl
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, repeat
from threading import Lock, Thread

Move = Callable[[socket.socket], None]
"""Answers one request. An OSError, also one of its own making, ends the connection."""

OK = b'{"success": true, "rows": []}'


def say(status: int = 200, body: bytes = OK, *headers: str, length: int | None = None) -> Move:
    """A whole answer; with another ``length`` than the body's, a lying one."""
    head = "\r\n".join(
        [f"HTTP/1.1 {status} Reason", *headers, f"Content-Length: {len(body) if length is None else length}"]
    )
    return send(f"{head}\r\n\r\n".encode() + body, hang_up=length is not None)


def send(data: bytes, *, hang_up: bool = True) -> Move:
    """Bytes as they are."""

    def move(connection: socket.socket) -> None:
        connection.sendall(data)
        if hang_up:
            raise ConnectionAbortedError

    return move


def drip(data: bytes, *, every_s: float = 0.02) -> Move:
    """One byte at a time, as long as the client listens."""

    def move(connection: socket.socket) -> None:
        for byte in chain(data, repeat(ord("x"))):
            connection.sendall(bytes([byte]))
            time.sleep(every_s)

    return move


def flood(head: bytes, endless: bytes) -> Move:
    """After ``head`` the same bytes over and over, as fast as the client takes them."""

    def move(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(endless)

    return move


def reset(connection: socket.socket) -> None:
    """Ends the connection with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


def bomb(mebibytes: int) -> Move:
    """Zeros, a thousand times smaller on the wire, and never whole in this process."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(mebibytes))
    return say(200, packed + packer.flush(), "Content-Encoding: gzip")


class Hostile:
    """What was asked, as raw requests, and how often somebody connected. The last move repeats."""

    def __init__(self, moves: tuple[Move, ...], tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._moves = chain(moves, repeat(moves[-1])) if moves else repeat(say())
        self._tls = tls
        self._lock = Lock()
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def serve(self) -> None:
        threads = []
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threads.append(Thread(target=self._talk, args=(connection,)))
                threads[-1].start()
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        for one in [self._listening, *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError), ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            self._open.append(connection)
            self._answer_all(connection)

    def _answer_all(self, connection: socket.socket) -> None:
        received = b""
        while data := connection.recv(65536):
            received += data
            head, end, body = received.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            if end and len(body) >= length:
                with self._lock:
                    self.requests.append(received)
                    move = next(self._moves)
                received = b""
                move(connection)


@contextmanager
def hostile(*moves: Move, tls: ssl.SSLContext | None = None) -> Iterator[Hostile]:
    """A server that answers the first request with the first move, and so on."""
    server = Hostile(moves, tls)
    thread = Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
