"""JSON or XML, in and out: which one was sent, which one is wanted (R4 http.html#mime-type, #parameters).

Within the house a resource is JSON: stored bytes go out as they are to whoever wants JSON, and only
an answer in XML or with ``_pretty`` is written anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import parse_qsl

import msgspec

from server.errors import Category, Fault, fault
from server.fhir import xml_read, xml_write
from server.fhir.exchange import JSON, Request, Response
from server.fhir.media_types import VERSIONS, Accepted, accepted, media_type
from server.fhir.parse import own, parse
from server.ports import Resource

XML = "application/fhir+xml"
FORM = "application/x-www-form-urlencoded"
JSON_PATCH = "application/json-patch+json"
"""RFC 6902; an XML Patch (RFC 5261) is not read."""
_AS_JSON = (JSON, "application/json", "text/json")
_AS_XML = (XML, "application/xml", "text/xml")
OFFERED = (*_AS_JSON, *_AS_XML)
"""Best first: of what is wanted equally, JSON costs least."""
_SHORT = {"json": JSON, "xml": XML}
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})


@dataclass(frozen=True, slots=True)
class Format:
    """How an answer is to be written."""

    media_type: str = JSON
    pretty: bool = False

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8"


@lru_cache(maxsize=64)
def wanted(format_: str, accept: str, pretty: str = "") -> Format:
    """The format that ``_format`` or else ``Accept`` asks for; JSON when neither is there.

    Raises:
        Fault: NOT_ACCEPTABLE, saying what is offered.
    """
    # A client that does not escape the plus sign of a query sends a space.
    asked = _SHORT.get(format_, format_.replace(" ", "+")) or accept or "*/*"
    chosen = _best(accepted(asked))
    if chosen is None:
        raise fault(Category.NOT_ACCEPTABLE, "not-supported", f"offered: {', '.join(OFFERED)}; FHIR 4.0")
    return Format(chosen, pretty.lower() == "true")


def wanted_in(form: str, otherwise: Format) -> Format:
    """What a search by POST says in its form; ``otherwise`` when it says nothing there.

    Raises:
        Fault: see ``wanted``.
    """
    said = dict(parse_qsl(form))
    format_ = wanted(said["_format"], "") if "_format" in said else otherwise
    return replace(format_, pretty=said["_pretty"].lower() == "true") if "_pretty" in said else format_


def demand_readable(content_type: str, *, form: bool = False, patch: bool = False) -> None:
    """Raises Fault(UNSUPPORTED) for a body that is neither JSON nor XML; ``form``: that is no form.

    ``patch``: that is neither of them nor a JSON Patch.
    """
    offered = (FORM,) if form else (JSON_PATCH, *OFFERED) if patch else OFFERED
    kind, parameters = media_type(content_type)
    charset, version = parameters.get("charset", "utf-8"), parameters.get("fhirversion", "4.0")
    if kind not in offered or charset.lower() not in _CHARSETS or version not in VERSIONS:
        text = f"accepted Content-Type: {', '.join(offered)}; UTF-8; FHIR 4.0"
        raise fault(Category.UNSUPPORTED, "not-supported", text)


def received(request: Request, limit: int) -> Resource:
    """The resource in the body, from whichever format it came in.

    Raises:
        Fault: see ``parse`` and ``xml_read.read``.
    """
    kind, _ = media_type(request.headers.get("content-type", JSON))
    return (xml_read.read if kind in _AS_XML else parse)(request.body, limit=limit)


def written(response: Response, format_: Format) -> tuple[bytes, Format]:
    """The body of ``response``, which is JSON, as it is wanted; and the format that it is in.

    Raises:
        Fault: NOT_ACCEPTABLE when it has no form in XML; not after a write, which is done all the
            same and must not look as if it were not (RFC 9110 section 15.5.7).
    """
    if response.content_type:
        return response.body, format_
    if format_.media_type in _AS_XML and response.body:
        try:
            return xml_write.write(own(response.body), pretty=format_.pretty), format_
        except Fault:
            if "Location" not in response.headers:
                raise
            return response.body, Format()
    if format_.pretty and response.body:
        return msgspec.json.format(response.body, indent=2), format_
    return response.body, format_


def _best(asked: Accepted) -> str | None:
    weights = {each: asked.weight(each) for each in OFFERED}
    best = max(OFFERED, key=lambda each: weights[each])
    return best if weights[best] > 0 else None
