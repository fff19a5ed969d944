"""Binary in its own format (R4 binary.html#rest): what is sent as it is becomes the resource, and back.

In the house a Binary is JSON like everything else, and so it stays in Bundles and for whoever asks for a
FHIR type. What comes back may be anything, so it is never shown as a page of ours: a browser saves it, and
runs nothing of it.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from server.errors import Category, Fault, fault
from server.fhir.exchange import JSON, Request, Response
from server.fhir.format import OFFERED, XML, Format, demand_readable, received, wanted
from server.fhir.media_types import accepted, media_type
from server.fhir.parse import own
from server.fhir.query.asked import pairs_of
from server.ports import Resource

TYPE = "Binary"
_CONTEXT = "X-Security-Context"
_FHIR = (JSON, XML)
_AROUND = 4_096
"""Bytes for what the resource holds beside its data."""
_SENDABLE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}(?: ?; ?[!-:<-~]{1,200}){0,5}"
)
"""A media type that may stand in a header (RFC 6838 section 4.2)."""
_REFERENCE = re.compile(r"[!-~]{1,1000}")
_UNKNOWN = "application/octet-stream"
_SAFE = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


def sent(request: Request, limit: int, type_: str, id_: str | None = None) -> Resource:
    """The resource in the body; at Binary a body that is none becomes the content of one, with ``id_``.

    Raises:
        Fault: UNSUPPORTED when nothing says what it is; TOO_LARGE; see ``received`` for FHIR.
    """
    if type_ != TYPE:
        return received(request, limit)
    content_type = request.headers.get("content-type", "").strip()
    kind, _ = media_type(content_type)
    if kind in OFFERED:
        demand_readable(content_type)
        resource = _as_resource(request, limit, kind)
        if resource.get("resourceType") == TYPE:
            return resource
    if _SENDABLE.fullmatch(content_type) is None:
        text = "Content-Type says what this is: type/subtype, with at most five parameters"
        raise fault(Category.UNSUPPORTED, "not-supported", text)
    return _holding(request, limit, content_type, id_)


def _as_resource(request: Request, limit: int, kind: str) -> Resource:
    """Any JSON or XML may be the content of a Binary; what calls itself FHIR must be FHIR."""
    try:
        return received(request, limit)
    except Fault as failure:
        if kind in _FHIR or failure.category is Category.TOO_LARGE:
            raise
        return {}


def _holding(request: Request, limit: int, content_type: str, id_: str | None) -> Resource:
    most = (limit - _AROUND) * 3 // 4
    if len(request.body) > most:
        raise fault(Category.TOO_LARGE, "too-long", f"at most {most} bytes of content are accepted")
    context = request.headers.get(_CONTEXT.lower())
    return {
        "resourceType": TYPE,
        **({"id": id_} if id_ is not None else {}),
        "contentType": content_type,
        **({"securityContext": {"reference": context}} if context else {}),
        **({"data": b64encode(request.body).decode()} if request.body else {}),
    }


def told(response: Response, request: Request) -> tuple[Response, Format]:
    """The answer as it is wanted: of a read its content, unless a FHIR type is.

    Raises:
        Fault: NOT_ACCEPTABLE when what is read is wanted neither way.
    """
    asked, accept = dict(pairs_of(request.query)), request.headers.get("accept", "")
    found = response.status == 200 and request.method in ("GET", "HEAD")
    if found and response.stored is not None:
        binary = own(response.stored.body)
        parts = {"_format", "_summary", "_elements"} & asked.keys()
        if not parts and _wanted_as_it_is(accept, str(binary.get("contentType", ""))):
            return _content(binary, response.headers), Format()
    try:
        return response, wanted(asked.get("_format", ""), accept, asked.get("_pretty", ""))
    except Fault:
        if found:
            raise
        return response, Format()  # what was written is written, what is not here is told so


def _wanted_as_it_is(accept: str, content_type: str) -> bool:
    """FHIR is asked for by its own types; by those that it shares only if the content is not accepted."""
    kind, _ = media_type(content_type)
    asked = accepted(accept or "*/*")
    fhir = max(asked.exactly(each) for each in _FHIR)
    return asked.weight(kind) > 0 and (fhir == 0 or asked.exactly(kind) > fhir)


def _content(binary: Resource, headers: Mapping[str, str]) -> Response:
    content_type = str(binary.get("contentType", ""))
    context = str(binary.get("securityContext", {}).get("reference", ""))
    return Response(
        200,
        b64decode("".join(str(binary.get("data", "")).split())),
        {**headers, **_SAFE, **({_CONTEXT: context} if _REFERENCE.fullmatch(context) else {})},
        content_type=content_type if _SENDABLE.fullmatch(content_type) else _UNKNOWN,
    )
