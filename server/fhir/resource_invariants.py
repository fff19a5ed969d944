"""The R4 invariants of the resources but Bundle, each under its official key."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from server.fhir.datatype_invariants import UCUM, media_type, ordered
from server.fhir.invariant import (
    Breaks,
    Rule,
    Value,
    coded,
    has,
    has_choice,
    just_one_of,
    needs,
    not_both,
    one_of,
    where,
)

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_OVER = frozenset({"inactive", "remission", "resolved"})
_WRONGLY_ENTERED = frozenset({"entered-in-error"})


def _home(name: str) -> Breaks:
    return lambda value: [
        f"{name}[{index}].use"
        for index, entry in enumerate(value.get(name, ()))
        if entry.get("use") == "home"
    ]


def _same(codings: Value) -> set[bytes]:
    """The codings of a concept, each as a whole: FHIRPath ``intersect`` compares all their elements."""
    return {msgspec.json.encode(coding, order="sorted") for coding in codings.get("coding", ())}


def _component_repeats_code(value: Value) -> bool:
    if "component" not in value or not has_choice(value, "value"):
        return False
    own = _same(value.get("code", {}))
    return any(own & _same(component.get("code", {})) for component in value["component"])


def _abated_and_active(value: Value) -> bool:
    return has_choice(value, "abatement") and not coded(value.get("clinicalStatus", {}), _CLINICAL, _OVER)


def _error_with_status(value: Value) -> bool:
    wrong = coded(value.get("verificationStatus", {}), _VERIFICATION, _WRONGLY_ENTERED)
    return wrong and has(value, "clinicalStatus")


def _without_patient(number: int, scope: str) -> Rule:
    """R4 writes the code system as ``something``: an oversight, and the published rule all the same."""
    return Rule(
        f"ppc-{number}",
        where(
            lambda value: (
                not has(value, "patient") and coded(value.get("scope", {}), "something", frozenset({scope}))
            ),
            "patient",
        ),
        f"A consent of scope {scope} needs a patient.",
    )


def _mixed_strata(report: Value) -> list[str]:
    return [
        f"group[{g}].stratifier[{s}].stratum[{n}]"
        for g, group in enumerate(report.get("group", ()))
        for s, stratifier in enumerate(group.get("stratifier", ()))
        for n, stratum in enumerate(stratifier.get("stratum", ()))
        if has(stratum, "value") == has(stratum, "component")
    ]


def _parameter_mixed(value: Value) -> bool:
    return (has(value, "part") + has_choice(value, "value") + has(value, "resource")) != 1


def _not_percent(value: Value) -> bool:
    bounds = value.get("probabilityRange", {})
    return any(
        (bounds[name].get("system"), bounds[name].get("code")) != (UCUM, "%")
        for name in ("low", "high")
        if name in bounds
    )


RESOURCE_RULES: Mapping[str, tuple[Rule, ...]] = {
    "AuditEvent.entity": (
        Rule("sev-1", not_both("name", "query"), "An entity has a name or a query, not both."),
    ),
    "Binary": (media_type("contentType"),),
    "Condition": (
        Rule(
            "con-4",
            where(_abated_and_active, "clinicalStatus"),
            "A condition with an abatement has clinicalStatus inactive, remission or resolved.",
        ),
        Rule(
            "con-5",
            where(_error_with_status, "clinicalStatus"),
            "A condition whose verificationStatus is entered-in-error has no clinicalStatus.",
        ),
    ),
    "Condition.evidence": (Rule("con-2", one_of("code", "detail"), "Evidence needs a code or a detail."),),
    "Condition.stage": (
        Rule("con-1", one_of("summary", "assessment"), "A stage needs a summary or an assessment."),
    ),
    "Consent": (
        Rule("ppc-1", one_of("policy", "policyRule"), "A consent needs a policy or a policyRule."),
        _without_patient(2, "patient-privacy"),
        _without_patient(3, "research"),
        _without_patient(4, "adr"),
        _without_patient(5, "treatment"),
    ),
    "Endpoint": (media_type("payloadMimeType"),),
    "MeasureReport": (
        Rule(
            "mrp-1",
            where(lambda value: value.get("type") == "data-collection" and has(value, "group"), "group"),
            "A report for data collection has no group.",
        ),
        Rule("mrp-2", _mixed_strata, "A stratum has either a value or components."),
    ),
    "MolecularSequence": (
        Rule(
            "msq-3",
            where(lambda value: value.get("coordinateSystem", 0) not in (0, 1), "coordinateSystem"),
            "coordinateSystem is 0 or 1.",
        ),
    ),
    "MolecularSequence.referenceSeq": (
        Rule(
            "msq-5",
            where(lambda value: has(value, "chromosome") != has(value, "genomeBuild")),
            "chromosome and genomeBuild stand together or not at all.",
        ),
        Rule(
            "msq-6",
            just_one_of("genomeBuild", "referenceSeqId", "referenceSeqPointer", "referenceSeqString"),
            "A reference sequence is given by one of genomeBuild, referenceSeqId, referenceSeqPointer, "
            "referenceSeqString.",
        ),
    ),
    "Observation": (
        Rule(
            "obs-6",
            where(
                lambda value: has(value, "dataAbsentReason") and has_choice(value, "value"),
                "dataAbsentReason",
            ),
            "dataAbsentReason stands only where there is no value.",
        ),
        Rule(
            "obs-7",
            where(_component_repeats_code, "value"),
            "A component with the code of the Observation takes the place of the value.",
        ),
    ),
    "Observation.referenceRange": (
        Rule("obs-3", one_of("low", "high", "text"), "A reference range needs low, high or text."),
    ),
    "Organization": (
        Rule("org-1", one_of("name", "identifier"), "An organization needs a name or an identifier."),
        Rule("org-2", _home("address"), "An address of an organization is never of use home."),
        Rule("org-3", _home("telecom"), "A telecom of an organization is never of use home."),
    ),
    "Parameters.parameter": (
        Rule(
            "inv-1",
            where(_parameter_mixed),
            "A parameter has one of a value, a resource and parts.",
        ),
    ),
    "Patient.contact": (
        Rule(
            "pat-1",
            one_of("name", "telecom", "address", "organization"),
            "A contact needs a name, telecom, address or organization.",
        ),
    ),
    "RiskAssessment.prediction": (
        Rule("ras-1", where(_not_percent, "probability"), "A range of probability is in percent, UCUM %."),
        Rule(
            "ras-2",
            where(lambda value: value.get("probabilityDecimal", 0) > 100, "probability"),
            "A probability is a percentage, at most 100.",
        ),
    ),
    "ServiceRequest": (
        Rule("prr-1", needs("orderDetail", "code"), "orderDetail stands only where there is a code."),
    ),
    "Subscription.channel": (media_type("payload"),),
    "Task": (
        Rule("inv-1", ordered("authoredOn", "lastModified"), "lastModified must not be before authoredOn."),
    ),
}
