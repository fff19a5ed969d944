"""What systems that speak HL7 v2 are told of an opinion: written once, taken back when it is withdrawn."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence

from server.fhir.parse import parse
from server.fhir.pens.bundle import AGREEMENT_OF
from server.fhir.pens.correspondence import Standing, mint
from server.fhir.pens.observation import confidence
from server.fhir.pens.referral_task import specialist_name
from server.fhir.references import local
from server.fhir.terms import PLACER, TASK, Business
from server.hl7v2.pens.letter import Letter, number
from server.hl7v2.pens.opinion import Names, Opinion, Signed, write_opinion
from server.hl7v2.pens.withdrawal import Parts, holds, write_withdrawal
from server.model import Coding, Document, Hl7Destination, Hl7Kind, Withdrawal
from server.ports import Resource, Waiting
from server.steps.casefile import CaseFile
from server.steps.deciding import decided_by, deciding_read
from server.steps.wording import words

HL7 = "application/hl7-v2"
WITHDRAWN = "oru-withdrawn"
_DECIDED = {
    Business.CLOSED_CONCORDANT: "The two readings agree",
    Business.CLOSED_UPHELD: "The specialist agrees with the first report",
    Business.CLOSED_AMENDED: "The specialist does not agree with the first report",
    Business.CLOSED_KEPT: "The physician in charge keeps the first report",
    Business.CLOSED_STANDS: "The readings differ; by the policy the first report stands",
    Business.CLOSED_RULED_OUT: "Ruled out under the policy; no human has read this case",
}


def opinion_messages(file: CaseFile, standing: Standing) -> list[Document]:
    """The opinion for each system that takes results of the case."""
    told = receivers(file, Hl7Kind.ORU)
    if not told:
        return []
    opinion = _opinion(file, standing)
    return [message(file, each, Hl7Kind.ORU, lambda to: write_opinion(to, opinion)) for each in told]


def withdrawal_messages(file: CaseFile, said: Withdrawal, gone: Sequence[Waiting]) -> list[Document]:
    """To each system that may have the opinion, made of what it was sent.

    ``gone``: what is not delivered any more. With it what a specialist has signed would be lost.
    """
    configured = {each.name: each for each in file.tools.receivers}
    fates = {each.document.id: each.untouched for each in gone}
    told = []
    for sent in file.tools.files.documents(file.case.id, Hl7Kind.ORU):
        unseen = fates.get(sent.id)
        parts = Parts(opinion=not unseen, signed=unseen is not None)
        if sent.destination in configured and holds(sent.content, parts):
            write = _taking_back(sent, said, parts)
            told.append(message(file, configured[sent.destination], WITHDRAWN, write))
    return told


def receivers(file: CaseFile, kind: Hl7Kind) -> list[Hl7Destination]:
    """Who is told of this case in messages of this kind."""
    home = file.case.destination
    return [e for e in file.tools.receivers if kind in e.accepts and home in (e.name, *e.serves)]


def message(file: CaseFile, to: Hl7Destination, kind: str, write: Callable[[Letter], bytes]) -> Document:
    """One document; MSH-10 is minted from its id, and stored with it before anything is sent."""
    id_ = str(uuid.uuid4())
    letter = Letter(
        terms=to.terms,
        at=file.now,
        control=number(mint(id_, "message")),
        patient=file.resource(file.case.patient),
        placer=_placer(file),
    )
    return Document(id_, str(kind), to.name, HL7, write(letter))


def practitioner(file: CaseFile, role: str) -> Resource:
    """The Practitioner of ``PractitionerRole/id``; empty where the directory does not say."""
    kind, _, id_ = role.partition("/")
    stored = file.tools.shelf.read(kind, id_)
    reference = parse(stored.body).get("practitioner", {}).get("reference", "") if stored else ""
    person = local(reference)
    found = file.tools.shelf.read(*person) if person else None
    return parse(found.body) if found else {}


def _taking_back(sent: Document, said: Withdrawal, parts: Parts) -> Callable[[Letter], bytes]:
    return lambda to: write_withdrawal(to, sent.content, said, parts)


def _opinion(file: CaseFile, standing: Standing) -> Opinion:
    read, card = file.ai_read, file.read_card
    held = confidence(read)
    business = standing.business
    decided = Coding(TASK, str(business), _DECIDED.get(business, "")) if business else Coding(TASK, "")
    return Opinion(
        card=card,
        read=read,
        words=words(file),
        confidence="" if held is None else str(held),
        agreement=AGREEMENT_OF[file.comparison.verdict],
        outcome=decided,
        decided=decided_by(file),
        names=Names(*(number(mint(file.case.id, each)) for each in _NAMED)),
        signed=_signed(file),
    )


_NAMED = (
    "opinion-report",
    "opinion",
    "opinion-words",
    "agreement",
    "outcome",
    "specialist-report",
    "decided-by",
)
"""What the numbers are minted under, in the order of ``Names``; those of FHIR are the same."""


def _signed(file: CaseFile) -> Signed | None:
    read, referral = deciding_read(file), file.referral
    if read is None or referral is None:
        return None
    stored = file.tools.shelf.read(read.report.type, read.report.id, read.report.version)
    if stored is None:
        return None
    name = specialist_name(referral, read.role)
    return Signed(read, parse(stored.body), practitioner(file, read.role), name)


def _placer(file: CaseFile) -> Resource:
    """The order's own number, where the Task is based on one that is here; else the Task's."""
    return next(_orders(file), dict(file.case.task_identifier))


def _orders(file: CaseFile) -> Iterator[Resource]:
    for each in file.task.get("basedOn", []):
        named = local(each.get("reference", ""))
        stored = file.tools.shelf.read(*named) if named and named[0] == "ServiceRequest" else None
        for identifier in parse(stored.body).get("identifier", []) if stored else []:
            kinds = {coding.get("code") for coding in identifier.get("type", {}).get("coding", [])}
            if PLACER.code in kinds and identifier.get("system") and identifier.get("value"):
                yield {"system": identifier["system"], "value": identifier["value"]}
