"""RFC 9112 heads, row by row; what passes is read the same way by gunicorn."""

from __future__ import annotations

import pytest
from gunicorn.config import Config
from gunicorn.http.parser import RequestParser

from server.porch.head import Head, parse_head, split_head
from server.porch.limits import PorchLimits
from server.porch.reasons import Reason, Refusal

LIMITS = PorchLimits()
GET = b"GET / HTTP/1.1\r\n"
HOST = b"Host: h\r\n"
POST = b"POST / HTTP/1.1\r\nHost: h\r\n"


def head(*, line: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: h\r\n", fields: bytes = b"") -> bytes:
    return line + b"\r\n" + host + fields + b"\r\n"


REFUSED = {
    "no version": (head(line=b"GET /"), Reason.REQUEST_LINE),
    "two spaces": (head(line=b"GET  / HTTP/1.1"), Reason.REQUEST_LINE),
    "tab for space": (head(line=b"GET\t/ HTTP/1.1"), Reason.REQUEST_LINE),
    "space in target": (head(line=b"GET /a b HTTP/1.1"), Reason.REQUEST_LINE),
    "non-ASCII target": (head(line=b"GET /\xc3\xa9 HTTP/1.1"), Reason.REQUEST_LINE),
    "fragment": (head(line=b"GET /a#b HTTP/1.1"), Reason.REQUEST_LINE),
    "target without slash": (head(line=b"GET a HTTP/1.1"), Reason.REQUEST_LINE),
    "asterisk with GET": (head(line=b"GET * HTTP/1.1"), Reason.REQUEST_LINE),
    "other scheme": (head(line=b"GET ftp://h/ HTTP/1.1"), Reason.REQUEST_LINE),
    "space at line end": (head(line=b"GET / HTTP/1.1 "), Reason.REQUEST_LINE),
    "lower-case protocol": (head(line=b"GET / http/1.1"), Reason.REQUEST_LINE),
    "HTTP/0.9": (head(line=b"GET / HTTP/0.9"), Reason.VERSION),
    "HTTP/1.2": (head(line=b"GET / HTTP/1.2"), Reason.VERSION),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\n", Reason.VERSION),
    "CONNECT": (head(line=b"CONNECT h:443 HTTP/1.1"), Reason.METHOD),
    "lower-case method": (head(line=b"get / HTTP/1.1"), Reason.METHOD),
    "method of one letter": (head(line=b"G / HTTP/1.1"), Reason.METHOD),
    "target too long": (head(line=b"GET /" + b"a" * 8192 + b" HTTP/1.1"), Reason.TARGET_TOO_LONG),
    "101 fields": (head(fields=b"A: b\r\n" * 100), Reason.HEAD_TOO_LARGE),
    "no Host": (head(host=b""), Reason.HOST),
    "two Hosts": (head(fields=b"host: h\r\n"), Reason.HOST),
    "two Content-Types": (head(fields=b"Content-Type: a/b\r\ncontent-type: a/b\r\n"), Reason.REPEATED),
    "obs-fold": (head(fields=b"A: b\r\n c\r\n"), Reason.HEADER),
    "fold before any field": (head(host=b" Host: h\r\n"), Reason.HEADER),
    "space before colon": (head(fields=b"A : b\r\n"), Reason.HEADER),
    "no colon": (head(fields=b"A\r\n"), Reason.HEADER),
    "empty name": (head(fields=b": b\r\n"), Reason.HEADER),
    "NUL in value": (head(fields=b"A: b\0\r\n"), Reason.HEADER),
    "CR in value": (head(fields=b"A: b\rc\r\n"), Reason.HEADER),
    "non-ASCII name": (head(fields=b"\xdf: b\r\n"), Reason.HEADER),
    "bare LF between fields": (head(fields=b"A: b\nC: d\r\n"), Reason.BARE_LF),
    "Content-Length and chunked": (
        head(fields=b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
        Reason.LENGTH_AND_CODING,
    ),
    "Content-Length and unknown coding": (
        head(fields=b"Transfer-Encoding: x\r\nContent-Length: 3\r\n"),
        Reason.LENGTH_AND_CODING,
    ),
    "two Content-Lengths": (head(fields=b"Content-Length: 3\r\nContent-Length: 4\r\n"), Reason.LENGTH),
    "two equal Content-Lengths": (head(fields=b"Content-Length: 3\r\nContent-Length: 3\r\n"), Reason.LENGTH),
    "Content-Length list": (head(fields=b"Content-Length: 3, 3\r\n"), Reason.LENGTH),
    "Content-Length empty": (head(fields=b"Content-Length:\r\n"), Reason.LENGTH),
    "Content-Length signed": (head(fields=b"Content-Length: +3\r\n"), Reason.LENGTH),
    "Content-Length negative": (head(fields=b"Content-Length: -3\r\n"), Reason.LENGTH),
    "Content-Length hexadecimal": (head(fields=b"Content-Length: 0x3\r\n"), Reason.LENGTH),
    "Content-Length superscript": (head(fields=b"Content-Length: \xb3\r\n"), Reason.LENGTH),
    "Content-Length grouped": (head(fields=b"Content-Length: 1_0\r\n"), Reason.LENGTH),
    "Content-Length over the limit": (head(fields=b"Content-Length: 52428801\r\n"), Reason.BODY_TOO_LARGE),
    "Content-Length of 5,000 digits": (
        head(fields=b"Content-Length: " + b"9" * 5000 + b"\r\n"),
        Reason.BODY_TOO_LARGE,
    ),
    "unknown coding": (head(fields=b"Transfer-Encoding: xchunked\r\n"), Reason.CODING),
    "gzip, chunked": (head(fields=b"Transfer-Encoding: gzip, chunked\r\n"), Reason.CODING),
    "identity": (head(fields=b"Transfer-Encoding: identity\r\n"), Reason.CODING),
    "coding with vertical tab": (head(fields=b"Transfer-Encoding: \x0bchunked\r\n"), Reason.HEADER),
    "empty coding": (head(fields=b"Transfer-Encoding:\r\n"), Reason.CODING),
    "chunked twice": (head(fields=b"Transfer-Encoding: chunked, chunked\r\n"), Reason.CODING_REPEATED),
    "chunked on two lines": (head(fields=b"Transfer-Encoding: chunked\r\n" * 2), Reason.CODING_REPEATED),
    "chunked in HTTP/1.0": (
        head(line=b"POST / HTTP/1.0", fields=b"Transfer-Encoding: chunked\r\n"),
        Reason.CODING_REPEATED,
    ),
    "other expectation": (head(fields=b"Expect: 200-ok\r\n"), Reason.EXPECTATION),
}

ACCEPTED = {
    "plain": (head(), 0),
    "HTTP/1.0 without Host": (head(line=b"GET / HTTP/1.0", host=b""), 0),
    "query": (head(line=b"GET /fhir/Task?code=a%7Cb&_count=5 HTTP/1.1"), 0),
    "absolute form": (head(line=b"GET http://h/fhir HTTP/1.1"), 0),
    "asterisk": (head(line=b"OPTIONS * HTTP/1.1"), 0),
    "longest target": (head(line=b"GET /" + b"a" * 8191 + b" HTTP/1.1"), 0),
    "100 fields": (head(fields=b"A: b\r\n" * 99), 0),
    "long field": (head(fields=b"Authorization: " + b"a" * 20000 + b"\r\n"), 0),
    "empty value": (head(fields=b"A:\r\n"), 0),
    "length": (head(line=b"POST / HTTP/1.1", fields=b"content-LENGTH:\t3 \r\n"), 3),
    "length with zeros": (head(line=b"POST / HTTP/1.1", fields=b"Content-Length: 003\r\n"), 3),
    "length at the limit": (head(line=b"POST / HTTP/1.1", fields=b"Content-Length: 52428800\r\n"), 52428800),
    "chunked": (head(line=b"POST / HTTP/1.1", fields=b"Transfer-Encoding: Chunked\r\n"), None),
    "obs-text": (head(fields=b"A: \xe9\r\n"), 0),
    "PATCH": (head(line=b"PATCH /fhir/Task/1 HTTP/1.1", fields=b'If-Match: W/"1"\r\n'), 0),
}


def read(block: bytes) -> Head:
    end = split_head(block, LIMITS)
    assert end == len(block)
    return parse_head(block, LIMITS)


@pytest.mark.parametrize(("block", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(block: bytes, reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        read(block)
    assert caught.value.reason is reason


@pytest.mark.parametrize(("block", "length"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_and_read_alike_by_gunicorn(block: bytes, length: int | None) -> None:
    ours = read(block)
    assert ours.length == length
    cfg = Config()
    cfg.set("limit_request_line", 0)
    cfg.set("limit_request_fields", 0)
    cfg.set("limit_request_field_size", LIMITS.head_bytes)
    theirs = next(RequestParser(cfg, [block], ("", 0)))
    assert (theirs.method.encode(), theirs.uri.encode()) == (ours.method, ours.target)
    assert theirs.version == (1, ours.minor)
    framing = ("CONTENT-LENGTH", "TRANSFER-ENCODING")
    handed_on = ours.handed_on(7 if length is None else length)
    assert [each for each in handed_on if each[0] not in framing] == [
        each for each in theirs.headers if each[0] not in framing
    ]
    lengths = [value for name, value in handed_on if name == "CONTENT-LENGTH"]
    assert lengths == {0: [], None: ["7"]}.get(length, [str(length)])


EARLY = {
    "TLS handshake": (b"\x16\x03\x01\x02\x00", Reason.NOT_HTTP),
    "space first": (b" GET / HTTP/1.1\r\n", Reason.NOT_HTTP),
    "bare LF ends a line": (b"GET / HTTP/1.1\nHost: h\n\n", Reason.BARE_LF),
    "endless request line": (b"GET /" + b"a" * 8300, Reason.TARGET_TOO_LONG),
    "endless header": (GET + b"A: " + b"a" * 32768, Reason.HEAD_TOO_LARGE),
    "head ends beyond the limit": (GET + b"A: " + b"a" * 32750 + b"\r\n\r\n", Reason.HEAD_TOO_LARGE),
}


@pytest.mark.parametrize(("start", "reason"), EARLY.values(), ids=EARLY)
def test_hopeless_beginning_is_refused_without_waiting(start: bytes, reason: Reason) -> None:
    with pytest.raises(Refusal) as caught:
        split_head(start, LIMITS)
    assert caught.value.reason is reason


def test_every_true_beginning_is_waited_for() -> None:
    block = head(line=b"POST /fhir HTTP/1.1", fields=b"Content-Length: 3\r\n")
    assert [split_head(block[:cut], LIMITS) for cut in range(len(block))] == [None] * len(block)
    assert split_head(block + b"GET ", LIMITS) == len(block)


def test_a_head_that_comes_byte_by_byte_is_searched_once() -> None:
    block = head(fields=b"A: b\r\n")
    for cut in range(1, len(block)):
        assert split_head(block[:cut], LIMITS, cut - 1) is None
    assert split_head(block, LIMITS, len(block) - 1) == len(block)
    for spoilt in (GET + b"A: b\n", GET + b"A: b\r\n\n"):
        with pytest.raises(Refusal):
            split_head(spoilt, LIMITS, len(spoilt) - 1)


def test_framing_is_replaced_and_what_could_be_mistaken_dropped() -> None:
    fields = b"X_Forwarded_For: 1\r\nX-A: 2\r\nExpect: 100-continue\r\nTrailer: X\r\n"
    ours = read(POST + fields + b"Transfer-Encoding: chunked\r\n\r\n")
    assert ours.expects_continue
    assert ours.handed_on(5) == [("HOST", "h"), ("X-A", "2"), ("CONTENT-LENGTH", "5")]


def test_expectation_of_an_old_client_is_ignored() -> None:
    assert not read(head(line=b"POST / HTTP/1.0", fields=b"Expect: 100-continue\r\n")).expects_continue
