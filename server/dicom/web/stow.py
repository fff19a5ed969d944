"""Sending objects here (STOW-RS, PS3.18 10.5): each goes the way of a C-STORE, into the same Holding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from server.dicom.part10 import LONGEST_HEAD, Head, demand_taken, head_of
from server.dicom.upper.negotiation import STORAGE_CLASSES
from server.dicom.web import multipart, outcome
from server.dicom.web.desk import Desk
from server.dicom.web.exchange import DICOM_JSON, Answer, Request, Where, warning
from server.dicom.web.keys import uid_of
from server.dicom.web.media import parameters, single
from server.dicom.web.multipart import Part
from server.dicom.web.told import address, attribute
from server.errors import Category, Fault, fault
from server.image_search import Level, OneOf, Wanted
from server.images import ImageObject
from server.objects import Held, ObjectArrival, demand_held, receiving

_DICOM = "application/dicom"
_AT_ONCE = 500
_BESIDE = (
    "The SOP Instance UIDs of some objects are here with other content: both are kept, a person must decide."
)
_OWN = "Some objects were written by this server: they are kept, and not served from here."


@dataclass(frozen=True, slots=True)
class _Came:
    """What became of one part."""

    number: int
    head: Head | None
    held: Held | None = None
    reason: int = 0
    text: str = ""


def store(desk: Desk, request: Request, where: Where) -> Answer:
    """Every object that is told of as stored is durable. Raises Fault when the request is refused whole."""
    kind = single(request.accept, (DICOM_JSON, "application/json"))
    study = uid_of(where.study) if where.study is not None else ""
    said, boundary = multipart.boundary_of(request.headers.get("content-type", ""))
    if said not in ("", _DICOM):
        text = f'accepted is multipart/related; type="{_DICOM}"; metadata with bulk data apart is not'
        raise fault(Category.UNSUPPORTED, "not-supported", text)
    found = multipart.parts(request.body, boundary)
    if not found:
        raise fault(Category.INCORRECT, "structure", "there is no part in it, and so nothing to store")
    if not desk.holding.has_room():
        raise fault(Category.UNAVAILABLE, "no-store", "there is no room for objects; try again later")
    came = [_taken(desk, request, number, part, study) for number, part in enumerate(found, 1)]
    return _answer(desk, kind, came)


def _taken(desk: Desk, request: Request, number: int, part: Part, study: str) -> _Came:
    head: Head | None = None
    try:
        if part.content_type and parameters(part.content_type)[0] != _DICOM:
            raise fault(Category.INCORRECT, "structure", f"its Content-Type is not {_DICOM}")
        head = _head(request, part)
        held = _carried(desk, request, part, head, study)
    except Fault as failure:
        return _Came(number, head, reason=_reason(head, failure.category), text=str(failure))
    except OSError:
        text = "it could not be written; send it again later"
        return _Came(number, head, reason=outcome.OUT_OF_RESOURCES, text=text)
    return _Came(number, head, held)


def _reason(head: Head | None, category: Category) -> int:
    if head is not None and head.sop_class not in STORAGE_CLASSES:
        return outcome.CLASS_NOT_SUPPORTED
    return outcome.reason(category)


def _carried(desk: Desk, request: Request, part: Part, head: Head, study: str) -> Held:
    """Raises Fault; OSError, when the disk does not take it."""
    demand_taken(head, part.end - part.start - head.data, desk.max_object)
    arrival = ObjectArrival(
        calling_ae="",
        called_ae="",
        peer=request.address,
        sop_class=head.sop_class,
        sop_instance=head.sop_instance,
        syntax=head.syntax,
        received_at=request.at,
        source=f"stow:{request.caller.client}",
        study=study,
    )
    with receiving(desk.holding, arrival) as coming:
        for piece in multipart.read(request.body, part.start + head.data, part.end):
            coming.write(piece)
        return demand_held(coming.finish())


def _head(request: Request, part: Part) -> Head:
    request.body.seek(part.start)
    return head_of(request.body.read(min(LONGEST_HEAD, part.end - part.start)))


def _answer(desk: Desk, kind: str, came: Sequence[_Came]) -> Answer:
    """PS3.18 10.5.3: 200 for all, 202 for some, 409 for none; 503 where trying again may help."""
    failed = [each for each in came if each.held is None]
    images = _images(desk, [each.head.sop_instance for each in came if each.head and each.held])
    studies = tuple(dict.fromkeys(each.named.study for each in images.values()))
    told: dict[str, Any] = {}
    if len(studies) == 1:
        told["00081190"] = attribute("RetrieveURL", [f"{desk.base}/studies/{studies[0]}"])
    told |= _sequence("00081198", [_failure(each.head, each.reason) for each in failed if each.head])
    told |= _sequence(
        "00081199", [_stored(each.head, images, desk) for each in came if each.head and each.held]
    )
    told |= _sequence("0008119A", [_failure(None, each.reason) for each in failed if not each.head])
    status = 200 if not failed else 202 if len(failed) < len(came) else 409
    headers = {}
    if all(each.reason == outcome.OUT_OF_RESOURCES for each in came) and status == 409:
        status, headers = 503, {"Retry-After": "5"}
    return Answer(
        status, kind, (msgspec.json.encode(told),), headers, studies=studies, warnings=tuple(_words(came))
    )


def _words(came: Sequence[_Came]) -> Iterator[str]:
    """Why not, part by part, of as many as a header may hold."""
    failed = [each for each in came if each.held is None]
    for each in failed[:20]:
        yield warning(f"part {each.number} was not stored: {each.text}".replace('"', "'"))
    if len(failed) > 20:
        yield warning(f"{len(failed) - 20} more parts were not stored")
    for held, text in ((Held.BESIDE, _BESIDE), (Held.OWN, _OWN)):
        if any(each.held is held for each in came):
            yield warning(text)


def _sequence(tag: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {tag: {"vr": "SQ", "Value": items}} if items else {}


def _named(head: Head) -> dict[str, Any]:
    return {
        "00081150": attribute("ReferencedSOPClassUID", [head.sop_class]),
        "00081155": attribute("ReferencedSOPInstanceUID", [head.sop_instance]),
    }


def _stored(head: Head, images: dict[str, ImageObject], desk: Desk) -> dict[str, Any]:
    image = images.get(head.sop_instance)
    if image is None:
        return _named(head)
    return {
        **_named(head),
        "00081190": attribute("RetrieveURL", [address(image, Level.INSTANCE, desk.base)]),
    }


def _failure(head: Head | None, reason: int) -> dict[str, Any]:
    return {**(_named(head) if head else {}), "00081197": attribute("FailureReason", [str(reason)])}


def _images(desk: Desk, uids: list[str]) -> dict[str, ImageObject]:
    found: dict[str, ImageObject] = {}
    for at in range(0, len(uids), _AT_ONCE):
        some = tuple(uids[at : at + _AT_ONCE])
        wanted = Wanted(Level.INSTANCE, (OneOf("SOPInstanceUID", some),), limit=len(some))
        found |= {each.first.sop_instance: each.first for each in desk.search.find(wanted)}
    return found
