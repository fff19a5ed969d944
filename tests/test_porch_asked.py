"""What the application is told of a request is what gunicorn would tell it, whose parser is not asked."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import wsgi
from gunicorn.http.parser import RequestParser

from server.porch.asked import Asked
from server.porch.intake import Intake, WholeRequest
from server.porch.limits import PorchLimits
from server.porch.spool import Memory, Spool

LIMITS = PorchLimits(spool_bytes=1_000)
PLAIN = b"GET %s HTTP/1.%d\r\nHost: h:80\r\n%s\r\n"
POST = b"POST /fhir/Task HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
CLIENT, SERVER = ("10.0.0.7", 5000), ("127.0.0.1", 8080)
THEIRS_ALONE = {"wsgi.input", "wsgi.errors", "wsgi.early_hints"}
"""Objects made anew for each request."""


def whole(wire: bytes) -> WholeRequest:
    inlet = Intake(LIMITS, partial(Spool, LIMITS, Memory(LIMITS.memory_bytes)))
    inlet.feed(wire)
    request = inlet.take()
    assert request is not None
    return request


def told(request: Any) -> dict[str, Any]:
    _, environ = wsgi.create(request, None, CLIENT, SERVER, Config())
    return {name: value for name, value in environ.items() if name not in THEIRS_ALONE}


def heads() -> list[bytes]:
    targets = (
        b"/", b"/fhir/Patient/1", b"/fhir/Task?code=a%7Cb&_count=5", b"/a%20b/%C3%A9?x", b"//a//b?c=d",
        b"/a;b=c", b"/a?b?c", b"http://h/fhir?x=1", b"http://h:80/a//b", b"http://[::1]:8/a", b"https://u:p@h/a?b",
        b"/?",
    )  # fmt: skip
    fields = (
        b"", b"Accept: a\r\nAccept: b\r\n", b"X-Empty:\r\n", b"X-A: \xe9\r\n", b"Cookie: a=b; c\r\n",
        b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"CONNECTION:  Close \r\n",
        b"Content-Type: application/fhir+json\r\n", b"If-None-Exist: identifier=a|b\r\n",
    )  # fmt: skip
    first = [PLAIN % (target, 1, b"") for target in targets]
    return first + [PLAIN % (b"/a", minor, each) for minor in (0, 1) for each in fields]


@pytest.mark.parametrize("wire", heads(), ids=range(len(heads())))
def test_told_as_by_gunicorn(wire: bytes) -> None:
    theirs = next(RequestParser(Config(), [wire], CLIENT))
    ours = Asked(whole(wire))
    assert told(ours) == told(theirs)
    assert ours.should_close() is theirs.should_close()
    assert ours.body.read() == b""


def test_a_body_is_read_like_a_file() -> None:
    request = whole(POST % 9 + b"ab\ncd\nef\n"[:9])
    asked = Asked(request)
    assert dict(asked.headers)["CONTENT-LENGTH"] == "9"
    assert [asked.body.read(1), asked.body.readline(), list(asked.body), asked.body.read()] == [
        b"a", b"b\n", [b"cd\n", b"ef\n"], b"",
    ]  # fmt: skip
    request.close()


def test_a_body_in_a_temporary_file_is_read_from_its_first_byte() -> None:
    request = whole(POST % 5_000 + bytes(range(250)) * 20)
    assert Asked(request).body.read() == bytes(range(250)) * 20
    request.close()


@pytest.mark.parametrize(
    ("minor", "said", "kept"),
    [
        (1, b"", True),
        (0, b"", False),
        (1, b"close", False),
        (1, b"x, Close", False),
        (1, b"keep-alive", True),
        (0, b"keep-alive", True),
        (0, b"keep-alive, close", False),
        (0, b"upgrade", False),
    ],
)
def test_how_long_a_connection_is_kept(minor: int, said: bytes, *, kept: bool) -> None:
    """RFC 9112 section 9.3; gunicorn sees ``close`` only where it stands alone."""
    asked = Asked(whole(PLAIN % (b"/", minor, b"Connection: %s\r\n" % said if said else b"")))
    assert asked.should_close() is not kept


@pytest.mark.parametrize("target", [b"http://h", b"http://[::1", b"http://h?a"])
def test_an_absolute_target_without_a_path_means_the_root(target: bytes) -> None:
    """RFC 9110 section 4.2.3; whatever the authority is, nobody asks it."""
    assert Asked(whole(PLAIN % (target, 1, b""))).path == "/"
