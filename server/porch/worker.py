"""The gunicorn worker class: one loop receives whole requests, a thread pool runs the application.

gunicorn's own gthread gives a connection a thread before its request is there: 32 silent peers stop it,
and a body cut short reaches the application as if whole. Here a thread waits for no peer, neither for its
request nor to take its answer. gunicorn's response writer does the rest, on a head that was read here.

Refused by ``check_config``: gunicorn's own TLS (ours is ``tls``), and the PROXY and uwsgi protocols. Never
called: the access log and the request hooks, which would see URLs, and a URL may name a patient.
"""

from __future__ import annotations

import os
import resource
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ClassVar

from gunicorn.errors import ConfigError
from gunicorn.http import wsgi
from gunicorn.workers.base import Worker as GunicornWorker

from server.certificates import Certificates, TlsFiles
from server.line import PlainLine
from server.porch.asked import Asked
from server.porch.connection import Connection
from server.porch.intake import WholeRequest
from server.porch.limits import PorchLimits
from server.porch.loop import Loop
from server.porch.reasons import Reason, Refusal
from server.porch.tls import lines

_OTHER_FILES = 256
"""File descriptors left to the application."""


class Worker(GunicornWorker):  # type: ignore[misc]  # gunicorn has no types
    """Set ``worker_class`` to this, or to a subclass with other ``limits``, or with ``tls``."""

    limits: ClassVar[PorchLimits] = PorchLimits()
    tls: ClassVar[TlsFiles | None] = None
    """With these, whoever comes must speak TLS."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:  # noqa: ARG003  # gunicorn's signature
        """Called by gunicorn before the first fork. Raises ConfigError."""
        if cfg.is_ssl or cfg.proxy_protocol != "off" or cfg.protocol != "http":
            raise ConfigError(
                "This worker speaks HTTP/1.1, and TLS as its own ``tls`` says; end other protocols in front."
            )

    def init_process(self) -> None:
        """Called by gunicorn in the new process; returns when the worker is to end."""
        self._allow_files()
        self._pool = ThreadPoolExecutor(max_workers=self.cfg.threads)
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop, then finish what has begun, within the graceful timeout."""
        new_line = lines(Certificates(self.tls, self.log.warning)) if self.tls else PlainLine
        self._loop = Loop(self.limits, self._dispatch, self.log, new_line)
        self._loop.start(self.sockets, self.PIPE)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            self._loop.turn()
        self.alive: bool = False  # An orphan was not told: its answers too must end their connections.
        self._loop.stop()
        limit = time.monotonic() + self.cfg.graceful_timeout
        while self._loop.busy and time.monotonic() < limit:
            self.notify()
            self._loop.turn()
        self._loop.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _allow_files(self) -> None:
        """One descriptor a connection, one for its temporary file: more than many systems allow unasked."""
        wanted = 2 * self.limits.connections + _OTHER_FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if allowed > soft:
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            self.log.warning("%d open files are allowed; %d would be needed at the worst", allowed, wanted)

    def _dispatch(self, connection: Connection, request: WholeRequest) -> None:
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        future = self._pool.submit(self._serve, connection, request)
        future.add_done_callback(lambda done: self._served(connection, request, done))

    def _serve(self, connection: Connection, request: WholeRequest) -> bool:
        """Run the application, in a thread of the pool; True when the connection may be kept."""
        asked = Asked(request, "https" if self.tls else "http")
        response, environ = wsgi.create(
            asked, connection.outbox, connection.client, connection.server, self.cfg
        )
        environ["wsgi.multithread"] = True
        pieces = self.wsgi(environ, response.start_response)
        if not self.alive:
            response.force_close()
        try:
            for piece in pieces:
                response.write(piece)
            response.close()
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
        connection.outbox.flush()
        return _finished(asked, response) and not response.should_close()

    def _served(self, connection: Connection, request: WholeRequest, done: Future[bool]) -> None:
        """Runs in the thread that ran the application."""
        request.close()
        error = None if done.cancelled() else done.exception()
        connection.keep = error is None and not done.cancelled() and done.result()
        failure = None
        if isinstance(error, Refusal):
            failure = error.reason
        elif error is not None:
            failure = Reason.APPLICATION
            # Where and what kind, never the message: it may quote the request.
            frames = "".join(traceback.format_tb(error.__traceback__))
            self.log.error("the application failed: %s\n%s", type(error).__name__, frames)
        self._loop.finished(connection, failure)


def _finished(request: Asked, response: Any) -> bool:
    """False when less was written than announced: the next answer would be read as the rest of this one."""
    announced = response.response_length
    return (
        announced is None
        or announced == response.sent
        or request.method == "HEAD"
        or response.status_code == 304
    )
