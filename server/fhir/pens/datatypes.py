"""The R4 data types that our resources are written with (datatypes.html, references.html)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from server.fhir import terms
from server.model import Coding

Json = dict[str, Any]


def coding(code: Coding) -> Json:
    """Coding; an empty display is left out, because FHIR has no empty strings."""
    written = {"system": code.system, "code": code.code}
    return written | {"display": code.display} if code.display else written


def concept(*codes: Coding, text: str = "") -> Json:
    """CodeableConcept."""
    written: Json = {"coding": [coding(code) for code in codes]} if codes else {}
    return written | {"text": text} if text else written


def identifier(system: str, value: str) -> Json:
    """Identifier."""
    return {"system": system, "value": value}


def logical(type_: str, known_as: Mapping[str, Any], display: str = "") -> Json:
    """Reference to a resource by its business identifier, because its id over there is not ours.

    Only system and value go along: what else an Identifier may hold (assigner, period) is
    written for the place where it was made.
    """
    key = {part: known_as[part] for part in ("system", "value") if part in known_as}
    written: Json = {"type": type_, "identifier": key}
    return written | {"display": display} if display else written


def token(param: str, system: str, value: str) -> str:
    """One token condition for a URL, ``identifier=system%7Cvalue`` (search.html 3.1.1.4.10).

    The characters that have a meaning of their own in FHIR searches are escaped first
    (3.1.1.5.6), then those that have one in URLs.
    """
    return f"{param}={_literal(system)}%7C{_literal(value)}"


def _literal(text: str) -> str:
    escaped = "".join(f"\\{sign}" if sign in "\\$,|" else sign for sign in text)
    return quote(escaped, safe=":/@")


def ai_meta() -> Json:
    """``meta`` of what a model wrote: the resource is labelled, and so are its elements (DS4P)."""
    return {"security": [coding(terms.AIAST), coding(terms.INLINE_LABELS)]}


def ai_element() -> Json:
    """The label on one element that a model wrote, as an Element with an extension."""
    return {"extension": [{"url": terms.INLINE_LABEL, "valueCoding": coding(terms.AIAST)}]}
