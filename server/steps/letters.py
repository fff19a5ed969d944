"""What a step tells the EHR: the same standing at our own door and in the documents that are sent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from server.fhir.parse import parse
from server.fhir.pens.bundle import referral_bundle, status_bundle
from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.referral_task import standing_of
from server.fhir.pens.service_request import RequestStatus
from server.fhir.task_states import ended
from server.fhir.terms import SR, Business
from server.fhir.write import dump
from server.model import Document, OfferEnd, Preview, Referral
from server.ports import Progress, Resource
from server.steps.casefile import REMINDER, CaseFile, Moved
from server.steps.referring import referred
from server.steps.tasks import moved_task

JSON = "application/fhir+json"


def letter_out(file: CaseFile, move: Moved | None = None) -> Correspondence:
    """The case in the EHR's own identifiers; ``move``: what may have called back what the EHR was shown."""
    facts = () if move is None else move.facts
    hidden = any(isinstance(each.value, Preview) and each.value.withdrawn for each in facts)
    return Correspondence(
        case=file.case.id,
        patient=_identifier(file.resource(file.case.patient))
        or {"system": f"{SR}/here", "value": file.case.patient},
        task=file.case.task_identifier,
        posted=file.task,
        operator=file.tools.operator,
        known=_Known(file),
        shown=previewed(file) and not hidden,
    )


def previewed(file: CaseFile) -> bool:
    """Whether the first reader has been sent the model's opinion, and may still use it."""
    found = file.latest("preview", Preview)
    return found is not None and not found.withdrawn


def letter(kind: str, file: CaseFile, bundle: Mapping[str, Any]) -> list[Document]:
    """The bundle as a document to the case's destination; nothing when it has none, or one without FHIR."""
    without = {each.name for each in file.tools.receivers}
    if file.case.destination is None or file.case.destination in without:
        return []
    content = dump(bundle)
    return [Document(str(uuid.uuid4()), kind, file.case.destination, JSON, content)]


def told(
    move: Moved,
    standing: Standing,
    *,
    contained: Sequence[Resource] = (),
    outputs: Sequence[Resource] | None = None,
    via: str | None = None,
) -> Moved:
    """Move the EHR's Task, here and there."""
    file = move.file
    writes = moved_task(
        file, f"Task/{file.case.task_id}", standing, outputs=outputs, contained=contained, via=via
    )
    if not writes:
        return move
    return move.write(writes).send(
        letter("status", file, status_bundle(letter_out(file, move), standing, file.referral))
    )


def held_letter(move: Moved, reason: str) -> Moved:
    """Tell the EHR that a person must look; a Task that is over stays as it ended."""
    if ended(move.file.task["status"]):
        return move
    return told(move, Standing("on-hold", Business.AWAITING_COORDINATOR, reason))


def to_a_person(move: Moved, reason: str) -> Progress:
    """The finished step of a case that waits for a person: the EHR is told, and we look again daily."""
    return held_letter(move, reason).progress(move.file.now + REMINDER)


def recalled(move: Moved, referral: Referral, end: OfferEnd) -> Referral:
    """The referral without its open offer, if it has one: nothing more is asked of that specialist."""
    file, offer = move.file, referral.offer
    if offer is None or offer.ended is not None:
        return referral
    offer = replace(offer, ended=end, ended_at=file.now)
    referral = replace(referral, offers=(*referral.offers[:-1], offer))
    referred(move, referral)
    if not ended(file.resource(f"Task/{offer.task}")["status"]):
        move.write(moved_task(file, f"Task/{offer.task}", standing_of(offer)))
    return referral


def request_end(file: CaseFile) -> RequestStatus:
    """How the referral's ServiceRequest ends with its case."""
    return RequestStatus.REVOKED if file.specialist_read is None else RequestStatus.COMPLETED


def referral_letter(
    move: Moved,
    referral: Referral,
    standing: Standing,
    status: RequestStatus = RequestStatus.ACTIVE,
) -> list[Document]:
    file = move.file
    evidence = file.ai_read.sources
    bundle = referral_bundle(
        letter_out(file, move), file.case.question, referral, evidence, standing, status=status
    )
    return letter("referral", file, bundle)


class _Known(Mapping[str, Mapping[str, Any]]):
    """``Type/id`` here -> the identifier that its sender gave it; looked up when it is needed."""

    def __init__(self, file: CaseFile) -> None:
        self._file = file

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        type_, _, id_ = key.partition("/")
        stored = self._file.tools.shelf.read(type_, id_)
        found = None if stored is None else _identifier(parse(stored.body))
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def _identifier(resource: Resource) -> Mapping[str, Any] | None:
    named = resource.get("identifier") or []
    for each in named if isinstance(named, list) else [named]:
        if each.get("system") and each.get("value"):
            return {"system": each["system"], "value": each["value"]}
    return None
