"""Our own rules on what may be written, beyond the standard's: who may change what, and when."""

from __future__ import annotations

from datetime import datetime, timedelta

from server.errors import Category, Fault, Issue, fault
from server.fhir.admission import is_specialists
from server.fhir.bindings import GUARDED, WRITTEN
from server.fhir.index import patient_of
from server.fhir.task_rules import demand_move
from server.fhir.task_states import ended
from server.fhir.terms import SR
from server.fhir.times import moment
from server.fhir.upon_result import is_upon_result
from server.ports import Resource

_SKEW = timedelta(minutes=5)
WRITABLE = WRITTEN
VERSION_AWARE = GUARDED
"""Updates of these need If-Match: two writers must not overwrite each other unseen."""

_SUBSETTED = ("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED")
_DECISIVE = ("status", "intent")
_TAGGED_BY_US = frozenset({"Task", "Subscription"})


def on_any(resource: Resource, now: datetime) -> None:
    """Rules for every incoming resource, new or updated.

    Raises:
        Fault: UNPROCESSABLE or FORBIDDEN.
    """
    _not_ours(resource)
    _demand_values(resource)
    for element in ("issued", "effectiveDateTime", "effectiveInstant"):
        signed = moment(str(resource.get(element, "")))
        if signed is not None and signed > now + _SKEW:
            path = f"{resource['resourceType']}.{element}"
            raise fault(
                Category.UNPROCESSABLE,
                "value",
                "this time lies in the future; at most 5 minutes are accepted",
                path,
            )


def on_update(old: Resource, new: Resource) -> None:
    """Rules for a new version.

    Raises:
        Fault: UNPROCESSABLE with what may be changed.
    """
    on_return(old, new)
    if _is_part(new) and not _is_part(old):
        text = "this is part of a resource, as _elements or _summary give it; read and send the whole"
        raise fault(Category.UNPROCESSABLE, "business-rule", text, f"{new['resourceType']}.meta.tag")
    if new["resourceType"] == "Task":
        demand_move(old, new)


def on_return(old: Resource, new: Resource) -> None:
    """Rules for what follows ``old``, be it deleted: it stays about the same patient, and as sensitive.

    Raises:
        Fault: UNPROCESSABLE or FORBIDDEN.
    """
    kind = new["resourceType"]
    _not_ours(old)
    if patient_of(old) != patient_of(new):
        raise fault(
            Category.UNPROCESSABLE,
            "business-rule",
            f"a {kind} cannot be moved from one patient to another",
            kind,
        )
    if lost := _labels(old) - _labels(new):
        raise fault(
            Category.FORBIDDEN,
            "forbidden",
            f"{len(lost)} security labels would be removed; send them along unchanged",
            f"{kind}.meta.security",
        )


def _is_part(resource: Resource) -> bool:
    """Written over the whole, it would take away what it leaves out (R4 search.html#elements)."""
    tags = resource.get("meta", {}).get("tag", [])
    return any((each.get("system"), each.get("code")) == _SUBSETTED for each in tags)


def on_delete(old: Resource) -> None:
    """What this server wrote is a record of what it did; what a person has taken up has an end that is owed.

    Raises:
        Fault: FORBIDDEN, CONFLICT.
    """
    kind = old["resourceType"]
    if kind == "Task" and is_upon_result(old) and old["status"] != "requested" and not ended(old["status"]):
        text = (
            "whoever decides on this contest has taken it up; wait until it is decided (python -m server "
            "contest), or say in a note of this Task that it is wanted no more"
        )
        raise fault(Category.CONFLICT, "business-rule", text, "Task.status")
    if _minted(old) is not None or (kind == "Task" and is_specialists(old)):
        text = f"this {kind} was written by this server and is not deleted by anybody else"
        raise fault(Category.FORBIDDEN, "forbidden", text)


def _labels(resource: Resource) -> set[tuple[str | None, str | None]]:
    """meta.security: how sensitive a resource is, and who made it (R4 security-labels.html)."""
    labels = resource.get("meta", {}).get("security", [])
    return {(each.get("system"), each.get("code")) for each in labels}


def _demand_values(resource: Resource) -> None:
    """An extension may stand for a value (R4 element.html), but what a case turns on must be said."""
    lost = [name for name in _DECISIVE if f"_{name}" in resource and name not in resource]
    if lost:
        kind = resource["resourceType"]
        text = "a value is needed here; an extension alone is not understood"
        raise Fault(Category.UNPROCESSABLE, *(Issue("required", text, f"{kind}.{name}") for name in lost))


def _not_ours(resource: Resource) -> None:
    if place := _minted(resource):
        raise fault(
            Category.FORBIDDEN,
            "forbidden",
            f"identifiers of {SR} are minted by this server; use a system of your own",
            f"{resource['resourceType']}.{place}",
        )


def _minted(resource: Resource) -> str | None:
    """Where it carries an identifier of ours; a Task or a Subscription may, and others move it all the same.

    R4 Provenance has no identifier: the minted one is a tag.
    """
    if resource["resourceType"] in _TAGGED_BY_US:
        return None
    identifiers = resource.get("identifier") or []
    named = {
        "identifier": identifiers if isinstance(identifiers, list) else [identifiers],
        "meta.tag": resource.get("meta", {}).get("tag", []),
    }
    ours = (
        place
        for place, values in named.items()
        if any(str(each.get("system", "")).startswith(SR + "/") for each in values)
    )
    return next(ours, None)
