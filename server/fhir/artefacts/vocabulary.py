"""Every code of our own and what it means: the table behind our CodeSystems and ValueSets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.fhir import terms
from server.fhir.terms import Business, Reason
from server.model import Basis, Coding


@dataclass(frozen=True, slots=True)
class Group:
    """Codes that stand in one element; each group is a ValueSet."""

    id: str
    title: str
    system: str
    meanings: Mapping[Coding, str]


def _said(code: Business | Reason) -> Coding:
    return Coding(terms.TASK, code.value, code.value.capitalize().replace("-", " "))


_BASES = {
    Basis.AUTOPSY: ("Autopsy", "Seen at an autopsy."),
    Basis.HISTOLOGY: ("Histology", "Tissue or cells under the microscope."),
    Basis.CULTURE: ("Culture", "Grown from a specimen, or not within the time that its method needs."),
    Basis.MOLECULAR_TEST: ("Molecular test", "PCR, sequencing or the like."),
    Basis.OTHER_TEST: ("Other test", "Another examination that was not part of what was read."),
    Basis.LATER_IMAGING: ("Later imaging", "Images from later, or of another kind."),
    Basis.CLINICAL_COURSE: ("Clinical course", "How it went on, with treatment or without."),
    Basis.REGISTRY: ("Registry", "A registry has, or has not, heard of it by the day that is told."),
}

GROUPS: tuple[Group, ...] = (
    Group(
        "task-code",
        "What a Task of this server asks for",
        terms.TASK,
        {
            terms.SECOND_READ: "An EHR asks for a second, independent reading of what a report answers.",
            terms.AI_FREE_READ: "As second-read, by a human alone: no model is asked, none is written of.",
            terms.ASSESSMENT: "A patient asks for an independent assessment; input assessor: by whom.",
            terms.ACKNOWLEDGE: "Whoever it is from has read the result of the second read in focus.",
            terms.CONTEST: "A patient or a clinician does not accept the result of the second read in focus.",
            terms.OUTCOME: "What turned out, later and by other means, about what the focus asked.",
            terms.SPECIALIST_READ: "This server asks a specialist to read the same evidence, blind to both.",
            terms.FINAL_READ: "The same specialist, who has answered, sees both opinions, and finalises.",
        },
    ),
    Group(
        "task-input",
        "Inputs of a second-read Task",
        terms.TASK,
        {
            terms.IN_QUESTION: "The question to be read, a code of CodeSystem/question.",
            terms.IN_REPORT: "The DiagnosticReport with the first opinion; Task.focus may name it instead.",
            terms.IN_ASSESSOR: "Of an independent-assessment Task: human, other-model or both.",
            terms.IN_STUDY: "The study to be read: an ImagingStudy, or its UID as an identifier.",
        },
    ),
    Group(
        "outcome-input",
        "What an outcome Task says",
        terms.TASK,
        {
            terms.IN_FINDING: "Present, Absent or Unknown (SNOMED CT 52101004, 2667000, 261665006); once.",
            terms.IN_BASIS: "By what it is known, a code of CodeSystem/outcome-basis; needed, once.",
            terms.IN_KNOWN: "Since when: valueDateTime, a day or a time; else Task.authoredOn.",
            terms.IN_EVIDENCE: "A reference to what shows it: Observation, DiagnosticReport or Condition.",
        },
    ),
    Group(
        "outcome-basis",
        "By what it is known how a case turned out",
        terms.OUTCOME_BASIS,
        {Coding(terms.OUTCOME_BASIS, each.value, shown): said for each, (shown, said) in _BASES.items()},
    ),
    Group(
        "assessor",
        "By whom a patient wants an independent assessment",
        terms.TASK,
        {
            terms.BY_HUMAN: "A human specialist who has seen no earlier opinion; no model is asked.",
            terms.BY_OTHER_MODEL: "The question's other model; refused where there is none.",
            terms.BY_BOTH: "Both; refused where there is no other model.",
        },
    ),
    Group(
        "message-category",
        "What a Communication of this server is about",
        terms.TASK,
        {
            terms.REMINDER: "A result was delivered, and nobody has said that they have read it.",
            terms.CONTEST_NEWS: "A released result is contested, or the contest is decided.",
            terms.ASSESSMENT_LATE: "A patient's assessment has not come by its date; never why.",
        },
    ),
    Group(
        "final-read-input",
        "What a specialist sees before the final answer",
        terms.TASK,
        {
            terms.IN_OPINION_X: "One of the two opinions, by lot; whose it is, is not told.",
            terms.IN_OPINION_Y: "The other one.",
            terms.IN_OWN_ANSWER: "What the specialist has answered before either was shown.",
            terms.IN_LOCALISED: "Whether overruling a finding needs a code of ValueSet/overruling-reason.",
        },
    ),
    Group(
        "final-read-output",
        "What a specialist gives with the final answer",
        terms.TASK,
        {
            terms.OUT_SPECIALIST_REPORT: "The specialist's signed DiagnosticReport with the final answer.",
            terms.OUT_FINAL_REASON: "Why, in words; due where most of the three answers say otherwise.",
            terms.OUT_OVERRULING: "Why a finding is overruled, a code of CodeSystem/overruling.",
        },
    ),
    Group(
        "overruling-reason",
        "Why a finding on an image is overruled",
        terms.OVERRULING,
        {
            Coding(terms.OVERRULING, "artefact", "Artefact"): "An artefact of the image.",
            Coding(
                terms.OVERRULING, "normal-variant", "Normal variant"
            ): "Normal anatomy, or a variant of it.",
            Coding(
                terms.OVERRULING, "known-before", "Known before"
            ): "Old or known, not what is asked about.",
            Coding(terms.OVERRULING, "other-explanation", "Other explanation"): "There, and something else.",
            Coding(terms.OVERRULING, "nothing-seen", "Nothing seen"): "Nothing is seen at any place.",
            Coding(
                terms.OVERRULING, "not-assessable", "Not assessable"
            ): "The image does not allow to say it.",
        },
    ),
    Group(
        "decided-by",
        "Whose answer a case ended with",
        terms.DECIDED_BY,
        {
            Coding(
                terms.DECIDED_BY, "first-reader", "First reader"
            ): "The first report; nobody else was asked.",
            Coding(terms.DECIDED_BY, "specialist", "Specialist"): "The specialist's answer.",
            Coding(
                terms.DECIDED_BY, "blind-answer", "Specialist's blind answer"
            ): "The specialist's first answer: no final one came, or what was shown for it no longer held.",
            Coding(
                terms.DECIDED_BY, "physician-in-charge", "Physician in charge"
            ): "The physician in charge, who keeps the first report against the specialist's answer.",
            Coding(
                terms.DECIDED_BY, "gatekeeper-policy", "Gatekeeper's policy"
            ): "No human has read: the policy, for which the medical director answers, rules the case out.",
        },
    ),
    Group(
        "task-output",
        "Outputs of a Task",
        terms.TASK,
        {
            terms.OUT_COMPLETENESS: "What is missing or unusable, in a contained OperationOutcome.",
            terms.OUT_AGREEMENT: "How the two readings compare, a code of CodeSystem/agreement.",
            terms.OUT_AI_OPINION: "The model's opinion, a DiagnosticReport.",
            terms.OUT_REFERRAL: "The Task by which a specialist was asked.",
            terms.OUT_SPECIALIST_REPORT: "The specialist's signed DiagnosticReport.",
            terms.OUT_DECIDED_BY: "Whose answer the case ended with, a code of CodeSystem/decided-by.",
            terms.OUT_AI_SHOWN: "true: the first reader had been sent the model's opinion before signing.",
            terms.OUT_DICOM_SR: "The opinion as it is in the archive: SOP Instance UID of a DICOM SR.",
            terms.OUT_HEATMAP: "What the model looked at: SOP Instance UID of a DICOM parametric map.",
            terms.OUT_INDEPENDENCE: "What was checked of the assessor, a code of CodeSystem/independence.",
            terms.OUT_NOTICE: "What the patient is told of how the case was read, a DocumentReference.",
            terms.OUT_WITHDRAWN: "The Provenance that says who withdrew the model's opinion, and why.",
        },
    ),
    Group(
        "task-business-status",
        "Where a second read stands",
        terms.TASK,
        {
            _said(Business.AWAITING_INFORMATION): "Something is missing or unusable; the requester sends it.",
            _said(
                Business.AWAITING_COORDINATOR
            ): "A person at this server must look; nothing is asked of others.",
            _said(Business.AI_RUNNING): "Complete; being read, or waiting for the first report's signature.",
            _said(Business.BEING_READ): "The same, and no model is asked.",
            _said(Business.TO_BE_READ): "Not ruled out by the gatekeeper; the first reader is to read it.",
            _said(Business.AI_SHOWN): "The model's opinion has been sent to the first reader.",
            _said(Business.AWAITING_SPECIALIST): "Sent to a specialist, for whichever reason.",
            _said(Business.SPECIALIST_ACCEPTED): "A specialist has accepted and reads.",
            _said(Business.CLOSED_CONCORDANT): "Closed: the two readings agree.",
            _said(Business.CLOSED_UPHELD): "Closed: the specialist agrees with the first report.",
            _said(Business.CLOSED_AMENDED): "Closed: the specialist does not agree with the first report.",
            _said(Business.CLOSED_STANDS): "Closed: the readings differ; by the policy the first stands.",
            _said(Business.CLOSED_RULED_OUT): "Closed: ruled out under the policy, and no human has read it.",
            _said(Business.CLOSED_KEPT): "Closed: the first report is kept against the specialist's answer.",
            _said(Business.FINAL_AWAITED): "A specialist has answered blind and sees both opinions unnamed.",
            _said(
                Business.REPORT_NOT_USABLE
            ): "A specialist's report must be corrected; the reason says how.",
            _said(Business.IN_REVIEW): "Contested: the Task's owner decides, until its restriction ends.",
            _said(Business.CONTEST_UPHELD): "Contested, and upheld: the result stands.",
            _said(Business.CONTEST_CORRECTED): "Contested, and corrected by the people in charge.",
            _said(Business.CONTEST_WITHDRAWN): "Contested: the model's opinion must not be used.",
            _said(Business.CONTEST_UNDECIDED): "Contested, and the case was ended by a person instead.",
            _said(Business.CLOSED_WITHDRAWN): "The first report was withdrawn by its author.",
            _said(Business.EXPIRED): "Ended: nothing came in time that could complete it.",
            _said(Business.OPINION_WITHDRAWN): "The model's opinion must not be used, nor its agreement.",
            _said(Business.CLOSED_UNRESOLVED): "A person ended it without a second opinion.",
        },
    ),
    Group(
        "task-status-reason",
        "Why a Task stands as it does, for programs",
        terms.TASK,
        {
            _said(Reason.FIRST_REPORT_CORRECTED): "The first report was corrected; it is compared anew.",
            _said(Reason.FIRST_REPORT_WITHDRAWN): "The first report was withdrawn by its author.",
            _said(Reason.SHOWN_NO_LONGER): "What was shown to a specialist no longer holds.",
            _said(Reason.NO_USABLE_CODE): "A signed report holds no code that answers the question.",
        },
    ),
    Group(
        "agreement",
        "How a second reading compares with the first",
        terms.AGREEMENT,
        {
            terms.AGREE: "Both say the same of the finding.",
            terms.MAJOR_DISCORDANCE: "One says that the finding is present, the other that it is absent.",
            terms.NOT_COMPARABLE: "The first report holds no code that answers the question.",
            terms.ABSTAINED: "The model declined to answer.",
            terms.NOT_ASKED: "No model was asked; two humans have read.",
            terms.RULED_OUT: "No human has read; the gatekeeper has ruled it out under the policy.",
        },
    ),
    Group(
        "independence",
        "Whether an assessor is independent of those who gave earlier opinions",
        terms.INDEPENDENCE,
        {
            terms.SHOWN: "Another person, organisation and reporting line, who was shown no earlier opinion.",
            terms.NOT_SHOWN: "At least one of these is shared, or not known; the text says which.",
        },
    ),
    Group(
        "audit-subtype",
        "What an AuditEvent of this server tells beside what R4 has codes for",
        terms.AUDIT,
        {
            terms.AI_INFERENCE: "A model was shown these versions; what it said is not told here.",
            terms.NOTIFICATION: "A subscriber was told what has happened, with the resources.",
            terms.DECISION: "A person decided on a case by a command.",
        },
    ),
)
TITLES: Mapping[str, str] = {
    terms.TASK: "Codes of Tasks",
    terms.AGREEMENT: "Agreement of readings",
    terms.INDEPENDENCE: "Independence of an assessor",
    terms.OUTCOME_BASIS: "By what an outcome is known",
    terms.AUDIT: "Kinds of access",
    terms.OVERRULING: "Why a finding on an image is overruled",
    terms.DECIDED_BY: "Whose answer a case ended with",
    terms.QUESTION: "Questions that are read here",
}
NAMED: Mapping[str, str] = {
    terms.MODEL: "A model version, name@version; Device.identifier",
    terms.INPUTS: "SHA-256 of all inputs of a model; Provenance.entity",
    terms.OPINION: "The Observation of an AI opinion",
    terms.OPINION_REPORT: "The DiagnosticReport of an AI opinion",
    terms.PROVENANCE: "The Provenance of an AI opinion; Provenance.meta.tag",
    terms.REFERRAL: "The ServiceRequest of a referral",
    terms.REFERRAL_TASK: "The Task of one offer to a specialist",
    terms.SPECIALIST_REPORT: "The specialist's DiagnosticReport, as it is sent on",
    terms.MESSAGE: "A Communication about a result that is unread or contested, or a late assessment",
    terms.NOTICE: "What a patient is told with a result; DocumentReference.identifier",
}
"""The systems in which this server mints identifiers, and what each names."""
