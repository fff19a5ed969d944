"""The head of an HTTP/1.1 request (RFC 9112 sections 3, 5 and 6.3): bytes in, a value or a Refusal out.

Stricter than gunicorn: whatever passes here has one meaning only, and nobody reads it again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.porch.limits import PorchLimits
from server.porch.reasons import Reason, Refusal

_END = b"\r\n\r\n"
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb"+) ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_METHOD = re.compile(rb"[A-Z][A-Z\-]{2,19}")
"""gunicorn takes no other; every registered method has this shape."""
_TARGET = re.compile(rb"/[^#]*|https?://[^#]+|\*", re.IGNORECASE)
_FIELD = re.compile(rb"(" + _TOKEN + rb"+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
_BARE_LF = re.compile(rb"(?<!\r)\n")
_OURS = frozenset({b"TRANSFER-ENCODING", b"CONTENT-LENGTH", b"EXPECT", b"TRAILER"})
_ROUND_TARGET = 64
"""Bytes a request line may have beside its target."""
_LENGTH_DIGITS = 18
"""More than any body could have; int() is not asked to read longer ones."""


Fields = tuple[tuple[bytes, bytes], ...]
_Said = Mapping[bytes, list[bytes]]
"""The values of each name, in lower case."""


@dataclass(frozen=True, slots=True)
class Head:
    """A request line and header fields, understood. ``length`` is None for a chunked body."""

    method: bytes
    target: bytes
    minor: int
    fields: Fields
    length: int | None
    expects_continue: bool

    def handed_on(self, length: int) -> list[tuple[str, str]]:
        """The fields as the application gets them, once the body is whole and ``length`` bytes long.

        The chunked coding becomes a Content-Length (RFC 9112 section 7.1.3) and the expectation, met by then,
        is gone. A name with an underscore is dropped: in CGI variables it could pass for one with a hyphen.
        """
        named = [(name.upper(), value) for name, value in self.fields]
        kept = [
            (name.decode("ascii"), value.decode("latin-1"))
            for name, value in named
            if b"_" not in name and name not in _OURS
        ]
        if self.length is None or any(name == b"CONTENT-LENGTH" for name, _ in named):
            kept.append(("CONTENT-LENGTH", str(length)))
        return kept


def split_head(inbox: bytes | bytearray, limits: PorchLimits, searched: int = 0) -> int | None:
    """Where the head at the start of ``inbox`` ends (CRLF CRLF included), or None while it has not ended.

    The first ``searched`` bytes were there at the last call: a head that comes byte by byte costs no more
    than one that comes at once. Raises Refusal as soon as the bytes can no longer become an acceptable head.
    """
    start = max(searched - len(_END), 0)
    end = inbox.find(_END, start, limits.head_bytes)
    if end >= 0:
        return end + len(_END)
    line = inbox.find(b"\r\n")
    if (line if line >= 0 else len(inbox)) > limits.target_bytes + _ROUND_TARGET:
        raise Refusal(Reason.TARGET_TOO_LONG)
    if len(inbox) >= limits.head_bytes:
        raise Refusal(Reason.HEAD_TOO_LARGE)
    if inbox and not re.match(_TOKEN, inbox):
        raise Refusal(Reason.NOT_HTTP)
    if _BARE_LF.search(inbox, start):
        raise Refusal(Reason.BARE_LF)
    return None


def parse_head(block: bytes, limits: PorchLimits) -> Head:
    """Read a head that ``split_head`` has found, CRLF CRLF included. Raises Refusal."""
    if _BARE_LF.search(block):
        raise Refusal(Reason.BARE_LF)
    first, *lines = block[: -len(_END)].split(b"\r\n")
    method, target, minor = _request_line(first, limits)
    if len(lines) > limits.header_fields:
        raise Refusal(Reason.HEAD_TOO_LARGE)
    fields = parse_fields(lines)
    said: dict[bytes, list[bytes]] = {}
    for name, value in fields:
        said.setdefault(name.lower(), []).append(value)
    _check_singles(said, minor)
    length = _body_length(said, minor)
    if length is not None and length > limits.of(target).body_bytes:
        raise Refusal(Reason.BODY_TOO_LARGE)
    return Head(method, target, minor, fields, length, _expects_continue(said, minor))


def parse_fields(lines: list[bytes]) -> Fields:
    """Header or trailer lines; folded ones and space before the colon are refused (RFC 9112 section 5)."""
    fields = []
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise Refusal(Reason.HEADER)
        fields.append((match[1], match[2].rstrip(b" \t")))
    return tuple(fields)


def _request_line(line: bytes, limits: PorchLimits) -> tuple[bytes, bytes, int]:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise Refusal(Reason.REQUEST_LINE)
    method, target, major, minor = match.groups()
    if len(target) > limits.target_bytes:
        raise Refusal(Reason.TARGET_TOO_LONG)
    if (major, minor) not in ((b"1", b"0"), (b"1", b"1")):
        raise Refusal(Reason.VERSION)
    # A tunnel (RFC 9110 section 9.3.6) is nothing that this server opens.
    if method == b"CONNECT" or not _METHOD.fullmatch(method):
        raise Refusal(Reason.METHOD)
    if not _TARGET.fullmatch(target) or (target == b"*" and method != b"OPTIONS"):
        raise Refusal(Reason.REQUEST_LINE)
    return method, target, int(minor)


def _check_singles(said: _Said, minor: int) -> None:
    hosts = len(said.get(b"host", ()))
    if hosts > 1 or (hosts == 0 and minor == 1):
        raise Refusal(Reason.HOST)
    if len(said.get(b"content-type", ())) > 1:
        raise Refusal(Reason.REPEATED)


def _body_length(said: _Said, minor: int) -> int | None:
    """Bytes of the body, 0 without one, None when chunked (RFC 9112 section 6.3)."""
    lengths, codings = said.get(b"content-length"), said.get(b"transfer-encoding")
    if codings:
        _check_codings(codings, minor, with_length=lengths is not None)
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not lengths[0].isdigit():
        raise Refusal(Reason.LENGTH)
    digits = lengths[0].lstrip(b"0") or b"0"
    if len(digits) > _LENGTH_DIGITS:
        raise Refusal(Reason.BODY_TOO_LARGE)
    return int(digits)


def _check_codings(codings: list[bytes], minor: int, *, with_length: bool) -> None:
    if with_length:
        raise Refusal(Reason.LENGTH_AND_CODING)
    names = [name.strip(b" \t").lower() for name in b",".join(codings).split(b",")]
    if names == [b"chunked"] and minor == 1:
        return
    if set(names) == {b"chunked"}:
        raise Refusal(Reason.CODING_REPEATED)
    raise Refusal(Reason.CODING)


def _expects_continue(said: _Said, minor: int) -> bool:
    """RFC 9110 section 10.1.1; an HTTP/1.0 client cannot expect anything."""
    expectations = said.get(b"expect")
    if minor == 0 or not expectations:
        return False
    if [value.lower() for value in expectations] != [b"100-continue"]:
        raise Refusal(Reason.EXPECTATION)
    return True
