"""Whom an access was about: the patients of what was shown or written, and of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl

from server.accesses import Access
from server.fhir.definitions.parameters import PATIENT_COMPARTMENT
from server.fhir.index import patient_of
from server.fhir.parse import own
from server.fhir.rows.extraction import led_to_by
from server.ports import Stored

Look = Callable[[str, str, int | None], Stored | None]
"""(type, id, version) -> that version, or None; without a version the newest, be it a tombstone."""
_WHAT = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([0-9]+))?")
_PERSON = re.compile(r"(?:Patient/)?([A-Za-z0-9\-.]{1,64})")
_MOST_NAMED = 500
"""Patients whom the words of one search may name: as many values as the door takes at all.

One that names more is refused and shows nobody; its words are in its one event, not in thousands.
"""
_NAMING = frozenset(
    {"patient", "subject", "patient:Patient", "subject:Patient", "for", "subject._id", "patient._id"}
)


def patients(access: Access, look: Look) -> tuple[str, ...]:
    """``Patient/id`` of each, in order, once."""
    found = {whom: None for what in access.what for whom in _of(what, look)}
    named = dict.fromkeys(_named(access))
    if len(named) <= _MOST_NAMED:
        found |= named
    return tuple(found)


def _of(what: str, look: Look) -> Iterator[str]:
    match = _WHAT.fullmatch(what)
    if match is None:
        return
    type_, id_ = match[1], match[2]
    if type_ == "Patient":
        yield f"Patient/{id_}"
        return
    stored = look(type_, id_, int(match[3]) if match[3] else None)
    if stored is not None and stored.deleted:
        stored = look(type_, id_, stored.version - 1)
    if stored is not None and not stored.deleted:
        yield from _about(stored)


def _about(stored: Stored) -> Iterator[str]:
    resource = own(stored.body)
    if (whom := patient_of(resource)) is not None:
        yield whom
        return
    codes = PATIENT_COMPARTMENT.get(stored.type, ())
    if codes:
        led = led_to_by(resource)
        yield from (each for code in codes for each in led.get(code, ()) if each.startswith("Patient/"))


def _named(access: Access) -> Iterator[str]:
    """Whom the words of a search name, whether anything was found or not."""
    request, _, form = access.query.partition("\n")
    query = request.partition("?")[2]
    for name, value in parse_qsl(query) + parse_qsl(form):
        if name in _NAMING or (access.type in ("Patient", "") and name == "_id"):
            matches = (_PERSON.fullmatch(each) for each in value.split(","))
            yield from (f"Patient/{each[1]}" for each in matches if each)
