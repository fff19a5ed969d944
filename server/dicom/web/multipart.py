"""multipart/related (RFC 2387, RFC 2046 section 5.1), read from a file that is whole, written part by part.

A message without its closing delimiter is no message: it is refused before anything is made of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from server.dicom.web.media import MULTIPART, parameters
from server.errors import Category, Fault, fault

_STEP = 1024 * 1024
_MOST_PARTS = 10_000
_LONGEST_HEAD = 8 * 1024
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,199}[0-9A-Za-z'()+_,\-./:=?]")
"""RFC 2046 section 5.1.1 ends at 70 characters; Orthanc sends 73."""


@dataclass(frozen=True, slots=True)
class Part:
    """Where the content of one part lies in the body."""

    content_type: str
    start: int
    end: int


def boundary_of(content_type: str) -> tuple[str, bytes]:
    """(the type of the parts, the boundary).

    Raises:
        Fault: UNSUPPORTED when it is not multipart/related, INCORRECT when it has no usable boundary.
    """
    kind, said = parameters(content_type or "none/none")
    if kind != MULTIPART:
        text = 'accepted is multipart/related; type="application/dicom", with a boundary'
        raise fault(Category.UNSUPPORTED, "not-supported", text)
    boundary = said.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _no("the boundary must be of the characters of RFC 2046 section 5.1.1, at most 200")
    return parameters(said["type"])[0] if said.get("type") else "", boundary.encode("ascii")


def parts(body: IO[bytes], boundary: bytes) -> list[Part]:
    """All parts of a message.

    Raises:
        Fault: INCORRECT when it does not end with its closing delimiter, TOO_LARGE for too many parts.
    """
    found: list[Part] = []
    opening: int | None = None
    for at, after in _delimiters(body, boundary):
        if opening is not None:
            found.append(_part(body, opening, at))
        if len(found) > _MOST_PARTS:
            raise fault(
                Category.TOO_LARGE, "too-costly", f"at most {_MOST_PARTS} parts are taken in one request"
            )
        opening, closes = _line_end(body, after)
        if closes:
            return found
    raise _no(
        "the body does not end with its closing delimiter: nothing of it was stored; send it again whole"
    )


def _delimiters(body: IO[bytes], boundary: bytes) -> Iterator[tuple[int, int]]:
    """Where each delimiter begins, CR LF before it included, and where its boundary ends."""
    mark = b"\r\n--" + boundary
    base, window, looked = -2, b"\r\n", 0  # the first delimiter may stand at the very beginning
    while True:
        at = window.find(mark, looked)
        if at >= 0:
            looked = at + len(mark)
            yield max(base + at, 0), base + looked
            continue
        cut = max(len(window) - len(mark) + 1, looked)
        base, window, looked = base + cut, window[cut:], 0
        body.seek(base + len(window))
        more = body.read(_STEP)
        if not more:
            return
        window += more


def _line_end(body: IO[bytes], at: int) -> tuple[int, bool]:
    """Where the line of a delimiter ends, and whether it was the closing one."""
    body.seek(at)
    rest = body.read(80)
    if rest.startswith(b"--"):
        return at, True
    line = rest.lstrip(b" \t")
    if not line.startswith(b"\r\n"):
        raise _no("a delimiter must be followed by the end of its line")
    return at + len(rest) - len(line), False


def _part(body: IO[bytes], start: int, end: int) -> Part:
    """``start`` is at the CR LF that ends the delimiter's line."""
    body.seek(start)
    head, found, _ = body.read(min(_LONGEST_HEAD, end - start + 4)).partition(b"\r\n\r\n")
    at = start + len(head) + 4
    if not found or at > end:
        raise _no(f"a part must have a head of at most {_LONGEST_HEAD} bytes, ended by an empty line")
    content_type = ""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-type":
            content_type = value.strip().decode("latin-1")
    return Part(content_type, at, end)


def read(body: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """The content between two places, piece by piece."""
    body.seek(start)
    while start < end:
        piece = body.read(min(_STEP, end - start))
        if not piece:
            return
        start += len(piece)
        yield piece


def written(contents: Iterable[tuple[str, Iterable[bytes]]], boundary: str) -> Iterator[bytes]:
    """(Content-Type, content) of each part, as a message."""
    for content_type, content in contents:
        yield f"--{boundary}\r\nContent-Type: {content_type}\r\n\r\n".encode("ascii")
        yield from content
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode("ascii")


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "structure", text)
