"""A human's DiagnosticReport -> a locked read: the first one, or the specialist's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from server.fhir.evidence import codings
from server.fhir.identity import Look, organisation, person
from server.fhir.parse import parse
from server.fhir.references import normal
from server.fhir.times import moment
from server.model import Coding, FirstRead, Gap, Problem, ResourceKey
from server.ports import Resource, Stored

SIGNED = frozenset({"final", "amended", "corrected", "appended"})
"""R4 diagnostic-report-status: complete and verified by an authorised person."""


def first_read(stored: Stored, look: Look) -> FirstRead | None:
    """The first opinion as signed; None while it is not signed yet."""
    report = parse(stored.body)
    if report["status"] not in SIGNED:
        return None
    people, organisations = _signers(report, look)
    known_as, homes = _names(report, look)
    return FirstRead(
        report=ResourceKey(stored.type, stored.id, stored.version),
        digest=hashlib.sha256(stored.body).hexdigest(),
        signed_at=signed_at(report, stored),
        codes=conclusion(report),
        readers=people,
        organisations=organisations,
        known_as=tuple(sorted(known_as)),
        homes=tuple(sorted(homes)),
    )


def unsigned_gap(stored: Stored, look: Look) -> Gap | None:
    """What is wrong with a report that nobody can be held to; None when it names who signed, and for whom.

    Without both, no specialist could be shown to be independent of the first reader. Of one that is only
    registered, nobody can know yet.
    """
    report = parse(stored.body)
    known_as, homes = _names(report, look)
    if (known_as and homes) or report["status"] == "registered":
        return None
    unsaid = "for which organisation it was signed" if known_as else "who signed it"
    return Gap(
        item="DiagnosticReport.resultsInterpreter",
        problem=Problem.MISSING,
        found=f"the first report does not say {unsaid}",
        mend="PUT the report with a PractitionerRole (that has practitioner and organization) in "
        "resultsInterpreter, or a Practitioner there and the Organization in performer",
        source=ResourceKey(stored.type, stored.id, stored.version),
    )


def conclusion(report: Resource) -> tuple[Coding, ...]:
    """All codings of DiagnosticReport.conclusionCode."""
    return tuple(coding for concept in report.get("conclusionCode", []) for coding in codings(concept))


def signed_at(report: Resource, stored: Stored) -> datetime:
    """DiagnosticReport.issued, or when we received it."""
    return moment(report.get("issued", "")) or stored.updated_at


def _signers(report: Resource, look: Look) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Everyone who stands behind the report: roles lead to their practitioner and organisation."""
    named = [*report.get("resultsInterpreter", []), *report.get("performer", [])]
    people, organisations = set[str](), set[str]()
    for target in _targets(named):
        kind, _, id_ = target.partition("/")
        (organisations if kind == "Organization" else people).add(target)
        stored = look(kind, id_) if kind == "PractitionerRole" else None
        if stored is not None:
            role = parse(stored.body)
            people |= set(_targets([role.get("practitioner", {})]))
            organisations |= set(_targets([role.get("organization", {})]))
    return tuple(sorted(people)), tuple(sorted(organisations))


def _names(report: Resource, look: Look) -> tuple[frozenset[str], frozenset[str]]:
    """The same by every name that they have: people, organisations."""
    named = [*report.get("resultsInterpreter", []), *report.get("performer", [])]
    roles = [_role(each, look) for each in named]
    homes = [
        *(each for each in named if _is_organisation(each)),
        *(role["organization"] for role in roles if "organization" in role),
    ]
    return person(named, look), organisation(homes, look)


def _role(reference: Resource, look: Look) -> Resource:
    kind, _, id_ = normal(reference.get("reference", "")).partition("/")
    stored = look(kind, id_) if kind == "PractitionerRole" else None
    return {} if stored is None else parse(stored.body)


def _is_organisation(reference: Resource) -> bool:
    kind = normal(reference.get("reference", "")).partition("/")[0] or reference.get("type", "")
    return bool(kind == "Organization")


def _targets(references: Iterable[Resource]) -> list[str]:
    return [normal(each["reference"]) for each in references if each.get("reference")]
