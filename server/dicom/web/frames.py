"""Fetching frames (PS3.18 10.4.1.1.6): as they are stored, or decoded, each in a part of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from server.dicom.upper.negotiation import ENCAPSULATED, EXPLICIT_LITTLE
from server.dicom.web import multipart
from server.dicom.web.decoding import decodable, encoded_frame, frame, frame_size, frames, undecodable
from server.dicom.web.desk import Desk
from server.dicom.web.exchange import Answer, Request, Where
from server.dicom.web.media import MULTIPART, Range, covers, ranges, unacceptable
from server.dicom.web.stored import Place, Stored
from server.dicom.web.wado import replied
from server.errors import Category, fault
from server.images import ImageObject

OCTETS = "application/octet-stream"
_BASE = "1.2.840.10008.1.2"
MEDIA = {
    _BASE + ending: kind
    for kind, endings in {
        "image/dicom-rle": (".5",),
        "image/jpeg": (".4.50", ".4.51", ".4.57", ".4.70"),
        "image/jls": (".4.80", ".4.81"),
        "image/jp2": (".4.90", ".4.91"),
        "image/jphc": (".4.201", ".4.202", ".4.203"),
        "image/jxl": (".4.110", ".4.111", ".4.112"),
    }.items()
    for ending in endings
}
"""Transfer syntax -> media type of a frame (PS3.18 tables 8.7.3-2 and 8.7.3-5)."""
_LIST = re.compile(r"[0-9]{1,9}(,[0-9]{1,9})*")


@dataclass(frozen=True, slots=True)
class _Form:
    """In which form frames are sent."""

    kind: str
    syntax: str
    decoded: bool
    alone: bool
    """As one part without a multipart around it."""


def bulk_frames(desk: Desk, request: Request, where: Where) -> Answer:
    image = desk.images(where)[0]
    numbers = numbers_of(where.frames, image, desk.max_frames)
    form = _form(image, request.accept, len(numbers))
    if form.decoded and frame_size(image) > desk.max_pixels:
        raise undecodable(image)
    with desk.open(image.file) as file:
        place = Stored(image, file).pixels()
    contents = _contents(desk, image, place, numbers, form)
    if form.alone:
        kind, content = next(contents)
        return Answer(200, kind, content, studies=(image.named.study,))
    return replied(contents, form.kind, (image.named.study,))


def numbers_of(listed: str, image: ImageObject, most: int) -> tuple[int, ...]:
    """The frames of an address, from 1 on.

    Raises:
        Fault: INCORRECT when it is no list or too long, NOT_FOUND for a frame that is not there.
    """
    if len(listed) > most * 10 or not _LIST.fullmatch(listed):
        text = f"frames are whole numbers from 1 on with commas between, at most {most}"
        raise fault(Category.INCORRECT, "value", text)
    numbers = tuple(int(each) for each in listed.split(","))
    if len(numbers) > most:
        raise fault(Category.INCORRECT, "too-costly", f"at most {most} frames are sent in one answer")
    if min(numbers) < 1 or max(numbers) > frames(image):
        text = f"this instance has frames 1 to {frames(image)}"
        raise fault(Category.NOT_FOUND, "not-found", text)
    return numbers


def _form(image: ImageObject, accept: str, number: int) -> _Form:
    """Raises Fault(NOT_ACCEPTABLE), saying what is offered."""
    syntax = image.transfer_syntax
    kind = MEDIA.get(syntax, OCTETS)
    for each in ranges(accept):
        several = each.kind in (MULTIPART, "*/*")
        if not several and number > 1:
            continue
        part = (each.part or "*/*") if each.kind == MULTIPART else each.kind
        if _takes_stored(each, part, syntax, kind):
            told = EXPLICIT_LITTLE if kind == OCTETS else syntax
            return _Form(kind, told, decoded=False, alone=not several)
        if covers(part, OCTETS) and each.syntax in ("", EXPLICIT_LITTLE) and decodable(syntax):
            return _Form(OCTETS, EXPLICIT_LITTLE, decoded=True, alone=not several)
    offered = [f'{MULTIPART}; type="{kind}"; transfer-syntax={syntax}']
    if kind != OCTETS and decodable(syntax):
        offered.append(f'{MULTIPART}; type="{OCTETS}"')
    raise unacceptable(tuple(offered))


def _takes_stored(each: Range, part: str, syntax: str, kind: str) -> bool:
    if syntax not in ENCAPSULATED:
        return covers(part, OCTETS) and each.syntax in ("", "*", EXPLICIT_LITTLE)
    if each.syntax == "*":
        return covers(part, kind) or part == OCTETS  # what viewers say when they take whatever is stored
    if each.syntax:
        return each.syntax == syntax and covers(part, kind)
    return covers(part, kind) and (part != "*/*" or each.kind == "*/*")


def _contents(
    desk: Desk, image: ImageObject, place: Place, numbers: tuple[int, ...], form: _Form
) -> Iterator[tuple[str, Iterable[bytes]]]:
    for number in numbers:
        yield f"{form.kind}; transfer-syntax={form.syntax}", _one(desk, image, place, number, form)


def _one(desk: Desk, image: ImageObject, place: Place, number: int, form: _Form) -> Iterator[bytes]:
    with desk.open(image.file) as file:
        stored = Stored(image, file)
        if form.decoded:
            yield _bytes(frame(stored, number, raw=True), image)
        elif stored.encapsulated:
            yield encoded_frame(stored, place, number)
        elif image.header.get("BitsAllocated") == "1" and frames(image) > 1:
            pixels = frame(stored, number, raw=True)  # a frame of single bits may begin within a byte
            yield np.packbits(pixels.reshape(-1), bitorder="little").tobytes()
        else:
            size = frame_size(image)
            start = place.start + (number - 1) * size
            if start + size > place.start + (place.length or 0):
                raise fault(Category.NOT_FOUND, "not-found", "this instance has fewer frames than it says")
            yield from multipart.read(file, start, start + size)


def _bytes(pixels: Any, image: ImageObject) -> bytes:
    """Little endian, planes apart where the object says so (PS3.3 C.7.6.3.1.3)."""
    if pixels.ndim == 3 and image.header.get("PlanarConfiguration") == "1":
        pixels = pixels.transpose(2, 0, 1)
    return bytes(np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<")).tobytes())
