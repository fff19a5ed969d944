"""How a case ended, read from the hospital's own endpoint, and whether that is as told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from conformance.demo.cases import Story
from conformance.peers.client import FhirClient
from conformance.peers.codes import (
    ABSENT,
    ACT_VALUE,
    AI_ASSERTED,
    PRESENT,
    SPECIALIST_REPORT,
    Resource,
    codes_of,
    is_ai,
)
from conformance.peers.search import identifiers

_WORDS = {PRESENT: "present", ABSENT: "absent"}


@dataclass(frozen=True, slots=True)
class Chart:
    """What the hospital holds about one case."""

    status: str
    """Task.status; empty when the Task is not there."""
    business: str
    first: str
    ai: str
    """``present``, ``absent``, ``declined``, or empty when there is no AI opinion."""
    specialist: str
    priority: str
    """ServiceRequest.priority of the referral; empty when there is none."""
    ai_reports: int
    """Distinct AI DiagnosticReports ever committed for this patient."""
    words: tuple[tuple[str, str], ...]
    """What came back: whose report, and its conclusion."""
    archived: tuple[str, ...] = ()
    """What the archive keeps of the case's study."""
    messages: str = ""
    """What the radiology system was told in HL7 v2."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A story and how it went."""

    story: Story
    chart: Chart
    seconds: float
    differs: tuple[str, ...]
    """What is not as told; empty when all is."""


def task_of(ehr: FhirClient, system: str, token: str) -> Resource:
    """The hospital's own Task; empty when it has none.

    Raises:
        NotDone: the hospital does not answer.
    """
    found = ehr.search("Task", {"identifier": f"{system}/task|T-{token}"})
    return found[0] if found else {}


def read_chart(ehr: FhirClient, system: str, token: str) -> Chart:
    """Look everything up over HTTP, as any program of the hospital could."""
    patient = f"{system}/patient|P-{token}"
    task = task_of(ehr, system, token)
    own = ehr.search("Patient", {"identifier": patient})
    # By the patient's id: it finds literal references and logical ones that name this patient.
    about = {"subject": f"Patient/{own[0]['id']}"} if own else {"subject:identifier": patient}
    reports = ehr.search("DiagnosticReport", about)
    labelled = about | {"_security": f"{ACT_VALUE}|{AI_ASSERTED}"}
    orders = ehr.search("ServiceRequest", about)
    return Chart(
        status=task.get("status", ""),
        business=", ".join(codes_of(task.get("businessStatus"))),
        first=_conclusion([each for each in reports if not is_ai(each) and not _written_back(each)]),
        ai=_finding(ehr.search("Observation", labelled)),
        specialist=_conclusion([each for each in reports if _written_back(each)]),
        priority=orders[-1].get("priority", "") if orders else "",
        ai_reports=_ai_reports(ehr.beside("/ledger"), own, patient),
        words=tuple(_words(each) for each in reports if is_ai(each) or _written_back(each)),
    )


def compare(story: Story, chart: Chart) -> tuple[str, ...]:
    """What is not as the story tells it."""
    return tuple(_differences(story, chart))


def _differences(story: Story, chart: Chart) -> Iterator[str]:
    status = "on-hold" if story.held else "in-progress" if story.left_open else "completed"
    if chart.status != status:
        yield f"the Task in the EHR is {chart.status or 'missing'}, told was {status}"
        return
    if chart.business not in story.ends:
        yield f"it ended {chart.business or 'without a business status'}, told was {' or '.join(story.ends)}"
    if chart.ai != story.ai:
        yield f"the AI opinion is {chart.ai or 'missing'}, told was {story.ai or 'none'}"
    if story.priorities and chart.priority not in story.priorities:
        yield f"the referral is {chart.priority or 'missing'}, told was {' or '.join(story.priorities)}"
    reports = 1 if story.ai else 0
    if chart.ai_reports != reports:
        yield f"the EHR holds {chart.ai_reports} AI reports, told was exactly {reports}"
    if sorted(chart.archived) != sorted(story.kept):
        kept, told = (", ".join(each) or "nothing" for each in (chart.archived, story.kept))
        yield f"the archive keeps {kept}, told was {told}"
    if story.by_messages and not chart.messages:
        yield "the radiology system was told nothing in HL7 v2"


def _words(report: Resource) -> tuple[str, str]:
    whose = "AI, not verified" if is_ai(report) else "specialist"
    return f"{whose} ({report['status']})", report.get("conclusion", "no words")


def _written_back(report: Resource) -> bool:
    return any(system == SPECIALIST_REPORT for system, _ in identifiers(report))


def _conclusion(reports: list[Resource]) -> str:
    codings = [coding for each in reports for c in each.get("conclusionCode", []) for coding in c["coding"]]
    return ", ".join(each.get("display") or each["code"] for each in codings)


def _finding(observations: list[Resource]) -> str:
    for each in observations:
        codes = codes_of(each.get("valueCodeableConcept"))
        if codes:
            return _WORDS.get(codes[0], codes[0])
        if "dataAbsentReason" in each:
            return "declined"
    return ""


def _ai_reports(ledger: Resource, own: list[Resource], patient: str) -> int:
    system, _, value = patient.rpartition("|")
    local = {f"Patient/{each['id']}" for each in own}

    def about(subject: Resource) -> bool:
        named = subject.get("identifier", {})
        return subject.get("reference") in local or (named.get("system"), named.get("value")) == (
            system,
            value,
        )

    committed = ledger["committed"]
    reports = (each for each in committed if each["ai"] and each["type"] == "DiagnosticReport")
    return len({each["id"] for each in reports if about(each["subject"])})
