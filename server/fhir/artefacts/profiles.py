"""What a Task must hold to be taken, as StructureDefinitions; ``admission`` and ``abort`` demand it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.fhir.artefacts.heading import heading
from server.fhir.pens.datatypes import concept
from server.fhir.terms import (
    ABORT,
    ACKNOWLEDGE,
    ASSESSMENT,
    CONTEST,
    IN_ASSESSOR,
    IN_BASIS,
    IN_FINDING,
    IN_QUESTION,
    OUTCOME,
    OUTCOME_BASIS,
    QUESTION,
    SECOND_READ,
    SR,
)
from server.fhir.upon import INTENTS
from server.model import Coding
from server.ports import Resource

_BASE = "http://hl7.org/fhir/StructureDefinition"
_BASES = OUTCOME_BASIS.replace("CodeSystem", "ValueSet")


@dataclass(frozen=True, slots=True)
class Profile:
    """What is demanded of a new Task beyond R4."""

    id: str
    title: str
    description: str
    code: Coding
    intents: tuple[str, ...]
    focus: str
    """Type of what its focus refers to."""
    question: bool = False
    """Whether the input with the clinical question is needed."""
    assessor: bool = False
    """Whether the input that says by whom is needed."""
    outcome: bool = False
    """Whether the inputs are that say what turned out, and by what it is known."""
    reason: bool = False
    """Whether reasonCode.text is."""
    requester: bool = False


PROFILES: tuple[Profile, ...] = (
    Profile(
        "second-read-task",
        "Second-read Task",
        "The order by which an EHR asks for a second reading, as it is posted.",
        SECOND_READ,
        ("order",),
        "DiagnosticReport",
        question=True,
    ),
    Profile(
        "independent-assessment-task",
        "Task that asks for an independent assessment",
        "How a patient, or somebody for them, asks for an independent assessment, as it is posted.",
        ASSESSMENT,
        ("order",),
        "DiagnosticReport",
        question=True,
        requester=True,
        assessor=True,
    ),
    Profile(
        "acknowledge-task",
        "Task that says that a result has been read",
        "How a clinician says that they have read the result of a second read, as it is posted.",
        ACKNOWLEDGE,
        INTENTS,
        "Task",
        requester=True,
    ),
    Profile(
        "contest-task",
        "Task that contests a result",
        "How a patient or a clinician contests the result of a second read, with reasonCode.text, as posted.",
        CONTEST,
        INTENTS,
        "Task",
        requester=True,
        reason=True,
    ),
    Profile(
        "outcome-task",
        "Task that says what turned out",
        "How a clinician or a registry says what turned out, later and by other means, as it is posted.",
        OUTCOME,
        INTENTS,
        "Task",
        requester=True,
        outcome=True,
    ),
    Profile(
        "stop-task",
        "Task that asks to stop another",
        "How a placer asks to stop a second read after work has begun, as it is posted.",
        ABORT,
        INTENTS,
        "Task",
    ),
)


def structure_definitions() -> Iterator[Resource]:
    """One profile of Task for each kind that may be posted."""
    for each in PROFILES:
        yield {
            **heading("StructureDefinition", each.id, each.title),
            "description": each.description,
            "fhirVersion": "4.0.1",
            "kind": "resource",
            "abstract": False,
            "type": "Task",
            "baseDefinition": f"{_BASE}/Task",
            "derivation": "constraint",
            "differential": {"element": [{"id": "Task", "path": "Task"}, *_elements(each)]},
        }


def profile_url(profile: Profile) -> str:
    return f"{SR}/StructureDefinition/{profile.id}"


def _elements(profile: Profile) -> Iterator[Resource]:
    yield _element(
        "identifier", min=1, short="The placer's own, with system and value: it makes repeats harmless"
    )
    yield _element("status", patternCode="requested")
    if len(profile.intents) == 1:
        yield _element("intent", patternCode=profile.intents[0])
    else:
        yield _element("intent", short=f"One of {', '.join(profile.intents)}")
    yield _element(
        "code", min=1, patternCodeableConcept=concept(Coding(profile.code.system, profile.code.code))
    )
    yield _element("focus", min=1, type=_reference(profile.focus))
    yield _element("for", min=1, type=_reference("Patient"))
    if profile.requester:
        yield _element("requester", min=1)
    if profile.reason:
        yield _element("reasonCode", min=1)
        yield _element("reasonCode.text", min=1)
    if profile.question:
        yield from _question()
    if profile.assessor:
        yield from _assessor()
    if profile.outcome:
        yield from _outcome()


def _assessor() -> Iterator[Resource]:
    place, type_ = "input:assessor", Coding(IN_ASSESSOR.system, IN_ASSESSOR.code)
    yield {"id": f"Task.{place}", "path": "Task.input", "sliceName": "assessor", "min": 1, "max": "1"}
    yield {"id": f"Task.{place}.type", "path": "Task.input.type", "patternCodeableConcept": concept(type_)}


def _outcome() -> Iterator[Resource]:
    yield _element(
        "input",
        min=2,
        slicing={"discriminator": [{"type": "pattern", "path": "type"}], "rules": "open"},
    )
    for code, name in ((IN_FINDING, "finding"), (IN_BASIS, "basis")):
        place, type_ = f"input:{name}", Coding(code.system, code.code)
        yield {"id": f"Task.{place}", "path": "Task.input", "sliceName": name, "min": 1, "max": "1"}
        yield {
            "id": f"Task.{place}.type",
            "path": "Task.input.type",
            "patternCodeableConcept": concept(type_),
        }
        yield {
            "id": f"Task.{place}.value[x]",
            "path": "Task.input.value[x]",
            "type": [{"code": "CodeableConcept"}],
            **({"binding": {"strength": "required", "valueSet": _BASES}} if code == IN_BASIS else {}),
        }


def _question() -> Iterator[Resource]:
    yield _element(
        "input",
        min=1,
        slicing={"discriminator": [{"type": "pattern", "path": "type"}], "rules": "open"},
    )
    place, type_ = "input:question", Coding(IN_QUESTION.system, IN_QUESTION.code)
    yield {"id": f"Task.{place}", "path": "Task.input", "sliceName": "question", "min": 1, "max": "1"}
    yield {"id": f"Task.{place}.type", "path": "Task.input.type", "patternCodeableConcept": concept(type_)}
    yield {
        "id": f"Task.{place}.value[x]",
        "path": "Task.input.value[x]",
        "type": [{"code": "CodeableConcept"}],
        "binding": {"strength": "required", "valueSet": QUESTION.replace("CodeSystem", "ValueSet")},
    }


def _element(name: str, **more: object) -> Resource:
    return {"id": f"Task.{name}", "path": f"Task.{name}", **more}


def _reference(type_: str) -> list[Resource]:
    return [{"code": "Reference", "targetProfile": [f"{_BASE}/{type_}"]}]
