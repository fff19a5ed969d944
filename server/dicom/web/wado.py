"""Fetching objects, their metadata and their bulk data (WADO-RS, PS3.18 section 10.4)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from server.dicom.upper.negotiation import EXPLICIT_LITTLE
from server.dicom.web import multipart
from server.dicom.web.decoding import decodable, decoded_size, explicit, undecodable
from server.dicom.web.desk import Desk
from server.dicom.web.exchange import DICOM_JSON, Answer, Request, Where
from server.dicom.web.media import MULTIPART, Range, covers, ranges, single, unacceptable
from server.dicom.web.stored import Stored, plain
from server.dicom.web.told import address
from server.errors import Category, fault
from server.image_search import Level
from server.images import ImageObject

DICOM = "application/dicom"
_OFFERED = (
    f'{MULTIPART}; type="{DICOM}"; transfer-syntax=* (as stored)',
    f'{MULTIPART}; type="{DICOM}" (Explicit VR Little Endian, where it can be decoded)',
    f"{DICOM} for a single instance",
)
_STEP = 1024 * 1024
_TAG = re.compile(r"[0-9A-Fa-f]{8}")


def objects(desk: Desk, request: Request, where: Where) -> Answer:
    """The objects themselves."""
    wanted = ranges(request.accept)
    images = desk.images(where)
    for each in wanted:
        alone = covers(each.kind, DICOM) and each.kind != "*/*" and len(images) == 1
        if not alone and not _several(each):
            continue
        if each.syntax in ("", EXPLICIT_LITTLE) and each.kind != "*/*":
            if not all(_explicable(image, desk.max_pixels) for image in images):
                continue
        elif each.syntax not in ("", "*") and any(image.transfer_syntax != each.syntax for image in images):
            continue
        as_stored = each.syntax not in ("", EXPLICIT_LITTLE) or each.kind == "*/*"
        return _sent(desk, images, as_stored=as_stored, alone=alone)
    if any(_several(each) or covers(each.kind, DICOM) for each in wanted):
        stuck = next((i for i in images if not _explicable(i, desk.max_pixels)), images[0])
        raise undecodable(stuck)
    raise unacceptable(_OFFERED)


def metadata(desk: Desk, request: Request, where: Where) -> Answer:
    """All that the objects say, without their bulk data (PS3.18 10.4.1.1.2)."""
    kind = single(request.accept, (DICOM_JSON, "application/json"))
    images = desk.images(where)
    return Answer(200, kind, _json(desk, images), studies=(images[0].named.study,))


def bulk(desk: Desk, request: Request, where: Where) -> Answer:
    """One large value that is not pixel data in frames: as it is stored."""
    if not _TAG.fullmatch(where.tag):
        raise fault(Category.INCORRECT, "value", "bulk data are named by a tag of eight hexadecimal digits")
    image, tag = desk.images(where)[0], int(where.tag, 16)
    octets = "application/octet-stream"
    alone = next(
        (each.kind != "*/*" for each in ranges(request.accept) if covers(each.kind, octets) or _octets(each)),
        None,
    )
    if alone is None:
        raise unacceptable((f'{MULTIPART}; type="{octets}"', octets))
    several = any(each.kind == MULTIPART for each in ranges(request.accept))
    with desk.open(image.file) as file:
        place = Stored(image, file).place(tag)
    content = _piece(desk, image, place.start, place.length)
    headers = {"Content-Location": f"{address(image, Level.INSTANCE, desk.base)}/bulkdata/{tag:08X}"}
    if not several:
        return Answer(200, octets, content, headers, studies=(image.named.study,))
    return replied([(octets, content)], octets, (image.named.study,))


def replied(contents: Iterable[tuple[str, Iterable[bytes]]], part: str, studies: tuple[str, ...]) -> Answer:
    """Several parts as one answer."""
    boundary = uuid.uuid4().hex
    kind = f'{MULTIPART}; type="{part}"; boundary={boundary}'
    return Answer(200, kind, multipart.written(contents, boundary), studies=studies)


def _several(each: Range) -> bool:
    return each.kind == "*/*" or (each.kind == MULTIPART and covers(each.part or "*/*", DICOM))


def _octets(each: Range) -> bool:
    return each.kind == MULTIPART and covers(each.part or "*/*", "application/octet-stream")


def _explicable(image: ImageObject, most: int) -> bool:
    """Whether it can be sent in Explicit VR Little Endian: at all, and within the limit."""
    if image.transfer_syntax == EXPLICIT_LITTLE:
        return True
    return decodable(image.transfer_syntax) and max(decoded_size(image), image.size) <= most


def _sent(desk: Desk, images: Sequence[ImageObject], *, as_stored: bool, alone: bool) -> Answer:
    def contents() -> Iterator[tuple[str, Iterable[bytes]]]:
        for image in images:
            kept = as_stored or image.transfer_syntax == EXPLICIT_LITTLE
            syntax = image.transfer_syntax if kept else EXPLICIT_LITTLE
            content = whole(desk, image) if kept else _converted(desk, image)
            yield f"{DICOM}; transfer-syntax={syntax}", content

    if not alone:
        return replied(contents(), DICOM, (images[0].named.study,))
    kind, content = next(contents())
    return Answer(200, kind, content, studies=(images[0].named.study,))


def whole(desk: Desk, image: ImageObject) -> Iterator[bytes]:
    """The Part 10 file, piece by piece."""
    with desk.open(image.file) as file:
        while piece := file.read(_STEP):
            yield piece


def _converted(desk: Desk, image: ImageObject) -> Iterator[bytes]:
    with desk.open(image.file) as file:
        yield explicit(Stored(image, file))


def _piece(desk: Desk, image: ImageObject, start: int, length: int | None) -> Iterator[bytes]:
    """A value; encapsulated pixel data to the end of the file: offset table and fragments."""
    with desk.open(image.file) as file:
        yield from multipart.read(file, start, image.size if length is None else start + length)


def _json(desk: Desk, images: Sequence[ImageObject]) -> Iterator[bytes]:
    """One object after the other: never all in memory."""
    before = b"["
    for image in images:
        with desk.open(image.file) as file:
            told = Stored(image, file).metadata(address(image, Level.INSTANCE, desk.base))
        yield before + msgspec.json.encode(dict(sorted(told.items())), enc_hook=plain)
        before = b","
    yield b"]"
