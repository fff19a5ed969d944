"""Pictures for people (PS3.18 10.4.1.1.3 and 10.4.1.1.4): JPEG and PNG of one frame, and thumbnails."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO

from PIL import Image
from pydicom import dcmread

from server.dicom.web.decoding import FAILURES, decodable, frame, frame_size, frames, undecodable
from server.dicom.web.desk import Desk
from server.dicom.web.exchange import Answer, Request, Where, warning
from server.dicom.web.frames import numbers_of
from server.dicom.web.media import single
from server.dicom.web.picture import LINEAR, LINEAR_EXACT, SIGMOID, Window, eight_bits
from server.dicom.web.stored import Stored
from server.errors import Category, Fault, fault
from server.images import ImageObject

_KINDS = ("image/jpeg", "image/png")
_MOST_SIDE = 8_192
_THUMBNAIL = (256, 256)
_NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?(?:[eE][+-]?[0-9]{1,2})?"
_WINDOW = re.compile(rf"({_NUMBER}),({_NUMBER})(?:,(linear|linear-exact|sigmoid))?")
_FUNCTIONS = {None: LINEAR, "linear": LINEAR, "linear-exact": LINEAR_EXACT, "sigmoid": SIGMOID}
_VIEWPORT = re.compile(r"([0-9]{1,9}),([0-9]{1,9})")
_NOT_DRAWN = "Annotations and ICC profiles are not drawn into rendered images here."


def instance(desk: Desk, request: Request, where: Where) -> Answer:
    image = desk.images(where)[0]
    if frames(image) > 1:
        text = f"this instance has {frames(image)} frames, of which each is offered: /frames/1/rendered"
        raise fault(Category.NOT_ACCEPTABLE, "not-supported", text)
    return _rendered(desk, request, image, 1)


def one_frame(desk: Desk, request: Request, where: Where) -> Answer:
    image = desk.images(where)[0]
    return _rendered(desk, request, image, _only(where.frames, image))


def thumbnail(desk: Desk, request: Request, where: Where) -> Answer:
    """Of the image in the middle, and of it the frame in the middle."""
    images = [each for each in desk.images(where) if frame_size(each)]
    if not images:
        raise _nothing()
    image = images[len(images) // 2]
    number = _only(where.frames, image) if where.frames else (frames(image) + 1) // 2
    return _rendered(desk, request, image, number, _THUMBNAIL)


def _only(listed: str, image: ImageObject) -> int:
    numbers = numbers_of(listed, image, 1_000)
    if len(numbers) > 1:
        raise fault(Category.NOT_ACCEPTABLE, "not-supported", "one frame is rendered in one answer")
    return numbers[0]


def _rendered(
    desk: Desk, request: Request, image: ImageObject, number: int, fitting: tuple[int, int] | None = None
) -> Answer:
    said = _parameters(request)
    kind = single(request.accept, _KINDS)
    window, viewport, quality = _window(said), _viewport(said) or fitting, _quality(said)
    _demand_image(desk, image)
    try:
        with desk.open(image.file) as file:
            stored = Stored(image, file)
            pixels = frame(stored, number, raw=False)
            file.seek(0)
            data = dcmread(file, stop_before_pixels=True)
            picture = Image.fromarray(eight_bits(pixels, data, number, window))
    except FAILURES as error:
        raise undecodable(image) from error
    if viewport is not None:
        picture = _fitted(picture, viewport)
    made = BytesIO()
    picture.save(made, "JPEG" if kind == "image/jpeg" else "PNG", quality=quality)
    ignored = (warning(_NOT_DRAWN),) if {"annotation", "iccprofile"} & said.keys() else ()
    return Answer(200, kind, (made.getvalue(),), studies=(image.named.study,), warnings=ignored)


def _demand_image(desk: Desk, image: ImageObject) -> None:
    size = frame_size(image)
    if not size:
        raise _nothing()
    if size > desk.max_pixels or not decodable(image.transfer_syntax):
        raise undecodable(image)


def _nothing() -> Fault:
    text = "there is no image in it that could be rendered; it is offered as application/dicom"
    return fault(Category.NOT_ACCEPTABLE, "not-supported", text)


def _fitted(picture: Image.Image, viewport: tuple[int, int]) -> Image.Image:
    """As large as fits, its shape kept (PS3.18 8.3.5.1.3)."""
    scale = min(viewport[0] / picture.width, viewport[1] / picture.height)
    size = max(round(picture.width * scale), 1), max(round(picture.height * scale), 1)
    return picture.resize(size, Image.Resampling.LANCZOS)


def _parameters(request: Request) -> Mapping[str, str]:
    known = ("accept", "window", "viewport", "quality", "annotation", "iccprofile", "charset")
    return {name: value for name, value in request.args if name in known}


def _window(said: Mapping[str, str]) -> Window | None:
    if "window" not in said:
        return None
    match = _WINDOW.fullmatch(said["window"])
    if match is None or float(match[2]) <= 0:
        text = "window is center,width or center,width,function; functions: linear, linear-exact, sigmoid"
        raise fault(Category.INCORRECT, "value", text)
    return Window(float(match[1]), float(match[2]), _FUNCTIONS[match[3]])


def _viewport(said: Mapping[str, str]) -> tuple[int, int] | None:
    if "viewport" not in said:
        return None
    match = _VIEWPORT.fullmatch(said["viewport"])
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(1 <= each <= _MOST_SIDE for each in sides):
        text = f"viewport is width,height in pixels, each from 1 to {_MOST_SIDE}; no part is cut out"
        raise fault(Category.INCORRECT, "value", text)
    return sides


def _quality(said: Mapping[str, str]) -> int:
    text = said.get("quality", "90")
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= 100:
        raise fault(Category.INCORRECT, "value", "quality is a whole number from 1 to 100")
    return int(text)
