"""$everything: a patient's record (R4 patient-operation-everything.html), read page by page.

What refers to the patient by the parameters of the Patient compartment, the Tasks about the patient,
and who and what these refer to beside it: practitioners, roles, organisations, devices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import msgspec

from server.errors import Category, fault
from server.fhir.bindings import KEPT
from server.fhir.definitions.parameters import PATIENT_COMPARTMENT
from server.fhir.desk import Desk, readable
from server.fhir.exchange import Request, Response
from server.fhir.filling import filled
from server.fhir.format import received
from server.fhir.history import count
from server.fhir.parse import own
from server.fhir.query.asked import pairs_of
from server.fhir.read import found, gone
from server.fhir.rows.extraction import rows
from server.fhir.spans import FIRST, LAST, Span, span
from server.fhir.times import moment
from server.fhir.validate import check
from server.fhir.veil import without_sealed
from server.fhir.write import dump
from server.ports import Around, Stored
from server.query import DateRow, ReferenceRow, Row
from server.times import instant

_MEMBERS: Mapping[str, tuple[str, ...]] = {**PATIENT_COMPARTMENT, "Task": ("patient",)}
"""Resource type -> search parameters by which it belongs to a patient; R4 leaves the Task out."""
_CARE_DATES = frozenset(
    {
        "authored", "authored-on", "collected", "created", "date", "identified", "occurrence", "onset-date",
        "period", "recorded", "recorded-date", "sent", "started", "when",
    }
)  # fmt: skip
"""Search parameters that say when something was the case or was done, whatever the type calls it."""
_OURS = ("start", "end", "_since", "_type", "_count")


def everything(desk: Desk, request: Request, id_: str) -> Response:
    newest = found(desk.shelf.newest("Patient", id_))
    if newest.deleted:
        return gone(newest)
    chosen = _chosen(desk, request)
    during = _during(chosen)
    around = _around(id_, chosen)

    def shown(found: Sequence[Stored]) -> list[Stored]:
        return without_sealed(
            desk.seals,
            [each for each in found if _belongs(each, f"Patient/{id_}", during)],
            desk.caller,
        )

    stretch = filled(
        lambda size, after: desk.shelf.around(replace(around, limit=size, after=after)),
        shown,
        around.limit,
        around.after,
    )
    url = f"{desk.base}/Patient/{id_}/$everything"
    links = [_link(url, chosen, "self", chosen.get("_page"))]
    if stretch.next:
        links.append(_link(url, chosen, "next", stretch.next))
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(request.at),
        "link": links,
        **({"entry": [_entry(desk.base, each) for each in stretch.found]} if stretch.found else {}),
    }
    return Response(200, dump(bundle), shown=stretch.found)


def _chosen(desk: Desk, request: Request) -> dict[str, str]:
    """Parameters of the URL, and of the body when there is one."""
    chosen = dict(pairs_of(request.query))
    if request.body:
        told = received(request, desk.max_resource)
        check(told, "Parameters")
        for each in told.get("parameter", []):
            value = next((str(v) for name, v in each.items() if name.startswith("value")), "")
            name = str(each.get("name", ""))
            chosen[name] = f"{chosen[name]},{value}" if name == "_type" and name in chosen else value
    if unknown := [name for name in chosen if name not in (*_OURS, "_page", "_format", "_pretty")]:
        text = f"{len(unknown)} parameters are not supported here; accepted: {', '.join(_OURS)}"
        raise fault(Category.INCORRECT, "not-supported", text)
    return chosen


def _around(id_: str, chosen: Mapping[str, str]) -> Around:
    types = tuple(each for each in chosen.get("_type", "").split(",") if each) or tuple(KEPT)
    for each in types:
        readable(each)
    since = moment(chosen["_since"]) if "_since" in chosen else None
    if "_since" in chosen and since is None:
        raise fault(Category.INCORRECT, "value", "_since is an instant: date, time and zone")
    beside = tuple(each for each in KEPT if each not in _MEMBERS)
    return Around("Patient", id_, types, beside, count(chosen), since=since, after=chosen.get("_page"))


def _during(chosen: Mapping[str, str]) -> Span | None:
    ends = [span(chosen[name]) if name in chosen else (FIRST, LAST) for name in ("start", "end")]
    if None in ends:
        raise fault(Category.INCORRECT, "value", "start and end are dates: a year, a month or a day")
    if not {"start", "end"} & chosen.keys():
        return None
    (begin, _), (_, end) = (each for each in ends if each)
    return begin, end


def _belongs(stored: Stored, patient: str, during: Span | None) -> bool:
    """Whether it is of this patient and of this time; what has no patient comes along with what has one."""
    codes = _MEMBERS.get(stored.type)
    if codes is None:
        return True
    held = rows(own(stored.body))
    named = any(
        isinstance(row, ReferenceRow) and row.param in codes and row.target == patient for row in held
    )
    return (named or f"{stored.type}/{stored.id}" == patient) and _within(held, during)


def _within(held: tuple[Row, ...], during: Span | None) -> bool:
    dates = [row for row in held if isinstance(row, DateRow) and row.param in _CARE_DATES]
    if during is None or not dates:
        return True
    return any(row.low < during[1] and row.high > during[0] for row in dates)


def _link(url: str, chosen: Mapping[str, str], relation: str, page: str | None) -> dict[str, str]:
    asked = [(name, chosen[name]) for name in _OURS if name in chosen]
    query = urlencode([*asked, *([("_page", page)] if page else [])])
    return {"relation": relation, "url": f"{url}?{query}" if query else url}


def _entry(base: str, stored: Stored) -> dict[str, Any]:
    return {
        "fullUrl": f"{base}/{stored.type}/{stored.id}",
        "resource": msgspec.Raw(stored.body),
        "search": {"mode": "match" if stored.type in _MEMBERS else "include"},
    }
