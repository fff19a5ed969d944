"""From an access to its AuditEvents: one for each patient (BALP 1.1, PatientQuery), or one about none.

Their ids are drawn from the access, so that making them twice makes nothing twice.
"""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

from server.accesses import Access, Doing, Outcome
from server.fhir.audit import terms
from server.ports import Resource
from server.times import instant

_REVERSED = frozenset({Doing.READ, Doing.VREAD, Doing.HISTORY, Doing.ASK, Doing.EXPORT, Doing.NOTIFICATION})
"""What goes from here to them: they are the destination."""
_ALONE = frozenset({Doing.INFERENCE, Doing.DECISION})
"""Nothing goes over a wire."""


def events(access: Access, patients: Iterable[str], base: str) -> list[Resource]:
    """The AuditEvents that an access is."""
    return [_event(access, whom, base) for whom in (*patients,)] or [_event(access, None, base)]


def _event(access: Access, patient: str | None, base: str) -> Resource:
    meaning = terms.MEANINGS[access.doing]
    profile = meaning.profile and [f"{terms.BALP}/StructureDefinition/{_profile(meaning.profile, patient)}"]
    entities = list(_entities(access, patient))
    return {
        "resourceType": "AuditEvent",
        "id": str(uuid.uuid5(uuid.UUID(access.id), patient or "")),
        **({"meta": {"profile": profile}} if profile else {}),
        "type": meaning.type,
        "subtype": list(meaning.subtypes),
        "action": meaning.action,
        "recorded": instant(access.at),
        "outcome": access.outcome.value,
        **({"outcomeDesc": access.detail} if access.detail else {}),
        "agent": _agents(access, base),
        "source": {"site": base, "observer": _server(base), "type": [terms.APPLICATION_SERVER]},
        **({"entity": entities} if entities else {}),
    }


def _profile(name: str, patient: str | None) -> str:
    return f"IHE.BasicAudit.{'Patient' if patient else ''}{name}"


def _server(base: str) -> Resource:
    return {"identifier": {"system": "urn:ietf:rfc:3986", "value": base}, "display": "Second Reader"}


def _agents(access: Access, base: str) -> list[Resource]:
    """BALP: who asks and who answers, as source and destination; here programs only, and who decided."""
    them, us = terms.SOURCE, terms.DESTINATION
    if access.doing in _REVERSED:
        them, us = us, them
    if access.doing in _ALONE:
        them, us = terms.APPLICATION, terms.APPLICATION
    if access.doing is Doing.DECISION:
        them = terms.RECIPIENT
    ours = access.doing in (Doing.EXPORT, Doing.NOTIFICATION, Doing.INFERENCE)
    return [
        {"type": {"coding": [them]}, **_who(access), "requestor": not ours},
        {
            "type": {"coding": [us]},
            "who": _server(base),
            "name": "Second Reader",
            "requestor": ours,
            "network": {"address": base, "type": "5"},
        },
    ]


def _who(access: Access) -> Resource:
    system = terms.MODEL if access.doing is Doing.INFERENCE else terms.CLIENT
    named = {"identifier": {"system": system, "value": access.client}} if access.client else {}
    return {
        "who": {**named, "display": access.name},
        **({"altId": access.client} if access.client else {}),
        "name": access.name,
        **({"network": {"address": access.address, "type": "2"}} if access.address else {}),
    }


def _entities(access: Access, patient: str | None) -> Iterable[Resource]:
    if patient is not None:
        yield _entity({"reference": patient}, terms.PERSON, terms.PATIENT)
    if access.query:
        query = b64encode(access.query.encode()).decode()
        yield {**_entity(None, terms.SYSTEM_OBJECT, terms.QUERY), "query": query}
    if access.document:
        document = {"identifier": {"value": access.document}, "display": "what was sent"}
        yield _entity(document, terms.SYSTEM_OBJECT, terms.REPORT)
    yield from _data(access)
    if access.request:
        yield _entity({"identifier": {"value": access.request}}, terms.REQUEST_ID, None)


def _data(access: Access) -> Iterable[Resource]:
    """The resource; of a search only the words, of a refused create only its type (R4 Reference.display)."""
    if access.doing in terms.WORDS_ONLY:
        return
    for what in access.what:
        yield _entity({"reference": what}, terms.SYSTEM_OBJECT, terms.DOMAIN_RESOURCE)
    if not access.what and access.type and access.outcome is not Outcome.SUCCESS:
        yield _entity({"display": access.type}, terms.SYSTEM_OBJECT, terms.DOMAIN_RESOURCE)


def _entity(what: Resource | None, type_: Mapping[str, Any], role: Mapping[str, Any] | None) -> Resource:
    return {
        **({"what": what} if what is not None else {}),
        "type": dict(type_),
        **({"role": dict(role)} if role is not None else {}),
    }
