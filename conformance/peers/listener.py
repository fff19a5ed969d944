"""A threaded HTTP listener that can really be closed and opened again on the same port."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from conformance.peers.wire import Answer, Refused, refusal

_LARGEST_BODY = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """One whole HTTP request."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


Respond = Callable[[Request], Answer | None]
"""Answers a request; None closes the connection without a word."""


class CannotListen(Exception):
    """The port is taken or the address is not ours."""


class Listener:
    """Serves ``respond`` on one address, one thread for each connection."""

    def __init__(self, host: str, port: int, respond: Respond) -> None:
        self.host = host
        self.port = port
        self._respond = respond
        self._lock = threading.Lock()
        self._server: _Server | None = None

    @property
    def is_open(self) -> bool:
        return self._server is not None

    def open(self) -> None:
        """Start to listen; port 0 takes a free one and keeps it.

        Raises:
            CannotListen: one sentence that says which address and why.
        """
        with self._lock:
            if self._server is not None:
                return
            try:
                self._server = _Server((self.host, self.port), self._respond)
            except OSError as error:
                reason = error.strerror or "unknown reason"
                raise CannotListen(f"cannot listen on {self.host}:{self.port}: {reason}") from error
            self.port = self._server.server_address[1]
            serve = self._server.serve_forever
            threading.Thread(target=serve, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        """Close the listening socket and every connection: from now on, connection refused."""
        with self._lock:
            server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.hang_up()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        self.respond = respond
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A peer that hangs up is everyday life; anything else is printed as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def hang_up(self) -> None:
        with self._lock:
            open_now = list(self._connections)
        for each in open_now:
            _shut(each)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "conformance-peer"
    sys_version = ""
    timeout = 60
    # Headers and body leave in one segment: with two, Nagle's algorithm and the delayed
    # acknowledgement of the other side cost 40 ms for each answer.
    wbufsize = -1
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        try:
            answer = self.server.respond(self._request())
        except Refused as refused:
            answer = refusal(refused)
        if answer is None:
            self.close_connection = True
            _shut(self.connection)
            return
        self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

    def _request(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdigit() or int(length) > _LARGEST_BODY:
            self.close_connection = True
            raise Refused(411, "not-supported", "send a Content-Length of at most 64 MiB, no transfer coding")
        body = self.rfile.read(int(length))
        if len(body) < int(length):
            raise ConnectionAbortedError  # cut short: there is nobody left to answer
        target = urlsplit(self.path)
        return Request(self.command, target.path, target.query, headers, body)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{answer.media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()
        if answer.afterwards is not None:
            answer.afterwards()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Nothing: URLs hold identifiers."""
