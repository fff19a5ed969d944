"""Every code system and every code that we write in FHIR, once."""

from __future__ import annotations

from enum import StrEnum

from server.model import Coding

SR = "https://second-reader.example/fhir"
"""Canonical base. It names our code systems and identifiers and is never dialled."""

AIT = "http://hl7.org/fhir/uv/aitransparency"
"""AI Transparency on FHIR, CI of 2026-08."""

TASK = f"{SR}/CodeSystem/task"
QUESTION = f"{SR}/CodeSystem/question"
AGREEMENT = f"{SR}/CodeSystem/agreement"
AUDIT = f"{SR}/CodeSystem/audit"
OVERRULING = f"{SR}/CodeSystem/overruling"
DECIDED_BY = f"{SR}/CodeSystem/decided-by"

# -- what our identifiers are minted in (docs/fhir-door.md) ---------------------------------

MODEL = f"{SR}/model"
INPUTS = f"{SR}/inputs"
OPINION = f"{SR}/opinion"
OPINION_REPORT = f"{SR}/opinion-report"
PROVENANCE = f"{SR}/provenance"
REFERRAL = f"{SR}/referral"
REFERRAL_TASK = f"{SR}/referral-task"
SPECIALIST_REPORT = f"{SR}/specialist-report"
NOTICE = f"{SR}/notice"
MESSAGE = f"{SR}/message"

# -- marking AI content (AI Transparency; DS4P for labels on elements) -----------------------

_OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
_AI_TYPE = f"{AIT}/CodeSystem/AIdeviceTypeCS"

AIAST = Coding(_OBSERVATION_VALUE, "AIAST", "Artificial Intelligence asserted")
INLINE_LABELS = Coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PROCESSINLINELABEL")
AI = Coding(_AI_TYPE, "Artificial-Intelligence", "Artificial Intelligence")
MACHINE_LEARNING = Coding(_AI_TYPE, "Machine-Learning-Models")

AI_DEVICE = f"{AIT}/StructureDefinition/AI-Device"
AI_PROVENANCE = f"{AIT}/StructureDefinition/AI-Provenance"
AI_KIND = f"{AIT}/StructureDefinition/aitransparency.AIKind"
AI_CONFIDENCE = f"{AIT}/StructureDefinition/AIconfidence"
INLINE_LABEL = "http://hl7.org/fhir/uv/security-label-ds4p/StructureDefinition/extension-inline-sec-label"
ALTERNATE_REFERENCE = "http://hl7.org/fhir/StructureDefinition/alternate-reference"

AUTHOR = Coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "author", "Author")
VERIFIER = Coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "verifier", "Verifier")
CREATE = Coding("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "CREATE", "create")

NULLIFY = Coding("http://terminology.hl7.org/CodeSystem/v3-DataOperation", "NULLIFY", "nullify")

# -- findings --------------------------------------------------------------------------------

PRESENT = Coding("http://snomed.info/sct", "52101004", "Present")
ABSENT = Coding("http://snomed.info/sct", "2667000", "Absent")
NOT_KNOWN = Coding("http://snomed.info/sct", "261665006", "Unknown")

_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
POSITIVE = Coding(_INTERPRETATION, "POS", "Positive")
NEGATIVE = Coding(_INTERPRETATION, "NEG", "Negative")
INDETERMINATE = Coding(_INTERPRETATION, "IND", "Indeterminate")

UNKNOWN = Coding("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown", "Unknown")
DCM = "http://dicom.nema.org/resources/ontology/DCM"
RADIOLOGY = Coding("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")
LABORATORY = Coding("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB", "Laboratory")

# -- requests and tasks ------------------------------------------------------------------------

SECOND_OPINION = Coding("http://terminology.hl7.org/CodeSystem/v2-0336", "S", "Second Opinion")
PLACER = Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "PLAC", "Placer Identifier")
_TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
ACCESSION = Coding("http://terminology.hl7.org/CodeSystem/v2-0203", "ACSN", "Accession ID")
FULFILL = Coding(_TASK_CODE, "fulfill", "Fulfill the focal request")
ABORT = Coding(_TASK_CODE, "abort", "Mark the focal resource as no longer active")

SECOND_READ = Coding(TASK, "second-read", "Second read")
AI_FREE_READ = Coding(TASK, "ai-free-read", "Independent read without AI")
SPECIALIST_READ = Coding(TASK, "specialist-read", "Specialist read")

ASSESSMENT = Coding(TASK, "independent-assessment", "Independent assessment for the patient")
CONTEST = Coding(TASK, "contest", "Contest of a result")
ACKNOWLEDGE = Coding(TASK, "acknowledge", "Result read")
OUTCOME = Coding(TASK, "outcome", "What turned out")
REMINDER = Coding(TASK, "unread-result", "Result not read yet")
CONTEST_NEWS = Coding(TASK, "contested-result", "Result contested")
ASSESSMENT_LATE = Coding(TASK, "late-assessment", "Assessment late")
FINAL_READ = Coding(TASK, "final-read", "Final read")

IN_QUESTION = Coding(TASK, "clinical-question", "Clinical question")
IN_REPORT = Coding(TASK, "primary-report", "First report")
IN_STUDY = Coding(TASK, "imaging-study", "Imaging study")
IN_OPINION_X = Coding(TASK, "opinion-x", "Opinion X")
IN_OPINION_Y = Coding(TASK, "opinion-y", "Opinion Y")
IN_OWN_ANSWER = Coding(TASK, "own-answer", "Your own answer, given blind")
IN_LOCALISED = Coding(TASK, "localised", "Overruling a finding needs a code")

IN_ASSESSOR = Coding(TASK, "assessor", "By whom")
BY_HUMAN = Coding(TASK, "human", "A human specialist")
BY_OTHER_MODEL = Coding(TASK, "other-model", "Another model")
BY_BOTH = Coding(TASK, "both", "A human specialist and another model")

IN_FINDING = Coding(TASK, "outcome-finding", "Whether it was there")
IN_BASIS = Coding(TASK, "outcome-basis", "By what it is known")
IN_KNOWN = Coding(TASK, "outcome-known", "Since when it is known")
IN_EVIDENCE = Coding(TASK, "outcome-evidence", "What shows it")

OUT_COMPLETENESS = Coding(TASK, "completeness-outcome", "Completeness outcome")
OUT_AGREEMENT = Coding(TASK, "agreement", "Agreement")
OUT_AI_OPINION = Coding(TASK, "ai-opinion", "AI opinion")
OUT_REFERRAL = Coding(TASK, "referral", "Referral")
OUT_SPECIALIST_REPORT = Coding(TASK, "specialist-report", "Specialist's report")
OUT_FINAL_REASON = Coding(TASK, "final-reason", "Reason for the final answer")
OUT_OVERRULING = Coding(TASK, "overruling-reason", "Why a finding is overruled")
OUT_DECIDED_BY = Coding(TASK, "decided-by", "Decided by")
OUT_DICOM_SR = Coding(TASK, "dicom-sr", "DICOM structured report")
OUT_HEATMAP = Coding(TASK, "heatmap", "Heat map")
OUT_INDEPENDENCE = Coding(TASK, "independence", "Independence of the assessor")
OUT_NOTICE = Coding(TASK, "patient-notice", "Notice for the patient")
OUT_AI_SHOWN = Coding(TASK, "first-reader-shown-ai", "First reader was shown the AI opinion")
OUT_WITHDRAWN = Coding(TASK, "withdraw-ai-opinion", "AI opinion withdrawn")

AGREE = Coding(AGREEMENT, "agree", "Agree")
MAJOR_DISCORDANCE = Coding(AGREEMENT, "major-discordance", "Major discordance")
NOT_COMPARABLE = Coding(AGREEMENT, "not-comparable", "Not comparable")
ABSTAINED = Coding(AGREEMENT, "abstained", "Abstained")
NOT_ASKED = Coding(AGREEMENT, "not-asked", "No model asked")
RULED_OUT = Coding(AGREEMENT, "ruled-out", "Ruled out, no human has read")


INDEPENDENCE = f"{SR}/CodeSystem/independence"
SHOWN = Coding(INDEPENDENCE, "independent", "Independent")
NOT_SHOWN = Coding(INDEPENDENCE, "not-shown", "Independence not shown")

OUTCOME_BASIS = f"{SR}/CodeSystem/outcome-basis"

AI_INFERENCE = Coding(AUDIT, "ai-inference", "AI inference")
NOTIFICATION = Coding(AUDIT, "notification", "Notification")
DECISION = Coding(AUDIT, "decision", "Decision of a person")


class Business(StrEnum):
    """Task.businessStatus, codes of ``TASK``."""

    AWAITING_INFORMATION = "awaiting-information"
    AWAITING_COORDINATOR = "awaiting-coordinator"
    """A person at our side must look; nothing is asked of the EHR."""
    AI_RUNNING = "ai-running"
    BEING_READ = "being-read"
    """As the one before, where no model is asked."""
    TO_BE_READ = "to-be-read"
    """The gatekeeper has not ruled it out: the first reader is asked to read."""
    AI_SHOWN = "ai-shown"
    """The model's answer has been sent to the first reader, by a policy of concurrent reading."""
    AWAITING_SPECIALIST = "awaiting-specialist"
    SPECIALIST_ACCEPTED = "specialist-accepted"
    REPORT_NOT_USABLE = "report-not-usable"
    """Of a specialist's Task: their report must be corrected; the reason lists what is accepted."""
    CLOSED_CONCORDANT = "closed-concordant"
    CLOSED_UPHELD = "closed-upheld"
    CLOSED_AMENDED = "closed-amended"
    CLOSED_STANDS = "closed-stands"
    """The readings differ, and the policy lets the first report stand."""
    CLOSED_RULED_OUT = "closed-ruled-out"
    """The policy leaves what the model rules out without a human; nobody has read."""
    CLOSED_KEPT = "closed-kept"
    """The physician in charge keeps the first report against the specialist's answer."""
    EXPIRED = "expired"
    FINAL_AWAITED = "awaiting-final-answer"
    """Of the Task of a specialist who has answered blind: both opinions are shown, unnamed."""
    OPINION_WITHDRAWN = "opinion-withdrawn"
    """The AI opinion must not be used, nor its agreement with the report."""
    CLOSED_UNRESOLVED = "closed-unresolved"
    """A person ended the case without a second opinion."""
    IN_REVIEW = "in-review"
    """Of a Task that contests a result: a person decides."""
    CONTEST_UPHELD = "contest-upheld"
    CONTEST_CORRECTED = "contest-corrected"
    CONTEST_WITHDRAWN = "contest-withdrawn"
    CONTEST_UNDECIDED = "contest-undecided"
    CLOSED_WITHDRAWN = "closed-withdrawn"
    """The first report was withdrawn by its author; there is nothing to compare."""


class Reason(StrEnum):
    """Task.statusReason, codes of ``TASK``: for programs, beside the words."""

    FIRST_REPORT_CORRECTED = "first-report-corrected"
    FIRST_REPORT_WITHDRAWN = "first-report-withdrawn"
    NO_USABLE_CODE = "no-usable-code"
    SHOWN_NO_LONGER = "shown-no-longer"
    """What a specialist was shown beside their own answer must not be used any more."""
