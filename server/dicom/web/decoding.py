"""Decoding pixel data: what can be decoded at all, how large it would be, and the frames themselves.

The size is looked at before anything is decoded, that of a frame inside its JPEG too: the two need not agree.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError
from pydicom import dcmread
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian

from server.dicom.upper.negotiation import ENCAPSULATED
from server.dicom.web.stored import UNREADABLE, Place, Stored
from server.errors import Category, Fault, fault
from server.images import ImageObject

FAILURES = (*UNREADABLE, OSError, UnidentifiedImageError, MemoryError)
_WITH_PILLOW = ("1.2.840.10008.1.2.4.5", "1.2.840.10008.1.2.4.9")


def decodable(syntax: str) -> bool:
    """Whether the installed decoders know a transfer syntax."""
    if syntax not in ENCAPSULATED:
        return True
    try:
        return bool(get_decoder(syntax).is_available)
    except NotImplementedError:
        return False


def decoded_size(image: ImageObject) -> int:
    """Bytes of all frames, decoded; 0 where there is no image."""
    return frame_size(image) * frames(image)


def frame_size(image: ImageObject) -> int:
    rows, columns, samples = (_number(image, each, 0) for each in ("Rows", "Columns", "SamplesPerPixel"))
    bits = _number(image, "BitsAllocated", 8)
    return (rows * columns * max(samples, 1) * bits + 7) // 8


def frames(image: ImageObject) -> int:
    """Number of Frames (0028,0008): 1 where nothing is said."""
    return max(_number(image, "NumberOfFrames", 1), 1)


def explicit(stored: Stored) -> bytes:
    """The whole object in Explicit VR Little Endian, as a Part 10 file. Raises Fault(NOT_ACCEPTABLE)."""
    made = BytesIO()
    try:
        stored.file.seek(0)
        data = dcmread(stored.file)
        if stored.encapsulated:
            _demand_sound_frames(stored)
            data.decompress(generate_instance_uid=False)
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.save_as(made, implicit_vr=False, little_endian=True, enforce_file_format=True)
    except FAILURES as error:
        raise undecodable(stored.image) from error
    return made.getvalue()


def frame(stored: Stored, number: int, *, raw: bool) -> Any:
    """Frame ``number``, from 1 on, as an array; ``raw`` as it is stored, else in RGB where it has colours.

    Raises:
        Fault: NOT_ACCEPTABLE, when it cannot be decoded.
    """
    try:
        if stored.encapsulated:
            _demand_sound(stored, stored.pixels(), number)
        stored.file.seek(0)
        return pixel_array(stored.file, index=number - 1, raw=raw)
    except FAILURES as error:
        raise undecodable(stored.image) from error


def encoded_frame(stored: Stored, place: Place, number: int) -> bytes:
    """Frame ``number`` as it is stored, its fragments joined. Raises Fault(NOT_ACCEPTABLE)."""
    try:
        stored.file.seek(place.start)
        return get_frame(stored.file, number - 1, number_of_frames=frames(stored.image))
    except FAILURES as error:
        raise undecodable(stored.image) from error


def _demand_sound_frames(stored: Stored) -> None:
    place = stored.pixels()
    for number in range(1, frames(stored.image) + 1):
        _demand_sound(stored, place, number)


def _demand_sound(stored: Stored, place: Place, number: int) -> None:
    """A codestream says how large it is; one that says otherwise than its object is not decoded."""
    if not stored.image.transfer_syntax.startswith(_WITH_PILLOW):
        return
    with Image.open(BytesIO(encoded_frame(stored, place, number))) as picture:
        if picture.size != (_number(stored.image, "Columns", 0), _number(stored.image, "Rows", 0)):
            raise ValueError


def undecodable(image: ImageObject) -> Fault:
    text = (
        "this cannot be decoded here; it is offered in the transfer syntax in which it is stored: "
        f"transfer-syntax={image.transfer_syntax} or transfer-syntax=*"
    )
    return fault(Category.NOT_ACCEPTABLE, "not-supported", text)


def _number(image: ImageObject, keyword: str, default: int) -> int:
    text = image.header.get(keyword, "")
    return int(text) if text.isdigit() else default
