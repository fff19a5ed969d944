"""The two write-ups as transactions (R4 http.html 3.1.0.11; docs/fhir-door.md).

Creates are conditional on identifiers minted from the case, Tasks and the referral are updated by
their identifiers: sending a write-up twice leaves what sending it once leaves. The same nouns give
the same Bundle, and ``server.fhir.write.dump`` the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence, Standing
from server.fhir.pens.datatypes import Json, concept, logical, token
from server.fhir.pens.device import write_device
from server.fhir.pens.ehr_task import write_ehr_task
from server.fhir.pens.observation import write_observation
from server.fhir.pens.provenance import write_provenance
from server.fhir.pens.referral_task import (
    offer_name,
    refer_to_offer,
    refer_to_specialist_report,
    specialist_name,
    write_referral_task,
)
from server.fhir.pens.report import write_report
from server.fhir.pens.service_request import RequestStatus, write_service_request
from server.fhir.pens.specialist_report import write_specialist_report
from server.fhir.pens.updating import as_update
from server.model import (
    AiRead,
    Card,
    Coding,
    Comparison,
    Offer,
    Referral,
    ResourceKey,
    Silence,
    SpecialistRead,
    Verdict,
)

AGREEMENT_OF = {
    Verdict.CONCORDANT: terms.AGREE,
    Verdict.DISCORDANT: terms.MAJOR_DISCORDANCE,
    Verdict.NOT_COMPARABLE: terms.NOT_COMPARABLE,
    Verdict.DECLINED: terms.ABSTAINED,
    Verdict.NOT_ASKED: terms.NOT_ASKED,
    Verdict.RULED_OUT: terms.RULED_OUT,
}
"""A yes/no question has no minor discordance."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """The AI opinion as it is written up: by which model, what, beside what, explained how."""

    card: Card
    read: AiRead
    comparison: Comparison
    conclusion: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The specialist's opinion with the DiagnosticReport version that carries it."""

    read: SpecialistRead
    report: Mapping[str, Any]


def referral_bundle(
    letter: Correspondence,
    question: str,
    referral: Referral,
    evidence: Sequence[ResourceKey],
    standing: Standing,
    *,
    status: RequestStatus = RequestStatus.ACTIVE,
) -> Json:
    """ServiceRequest, one Task for each offer so far, the EHR's Task; for every change of an offer.

    ``status`` is that of the ServiceRequest, which ends with the case.

    Raises:
        ValueError: no offer was made yet, so there is nothing to write up.
    """
    if referral.offer is None:
        raise ValueError("a referral is written up when it is offered")
    request = write_service_request(letter, question, referral, evidence, status)
    outputs = [_output(terms.OUT_REFERRAL, refer_to_offer(letter, referral.offer))]
    return _transaction(
        _requested(letter, request),
        *(_offered(letter, referral, offer) for offer in referral.offers),
        _ehr_task(letter, standing, outputs),
    )


def status_bundle(letter: Correspondence, standing: Standing, referral: Referral | None = None) -> Json:
    """Only the EHR's Task, when nothing else has changed; a referral made earlier stays named in it."""
    offer = referral.offer if referral else None
    outputs = [_output(terms.OUT_REFERRAL, refer_to_offer(letter, offer))] if offer else []
    return _transaction(_ehr_task(letter, standing, outputs))


def preview_bundle(
    letter: Correspondence,
    card: Card,
    read: AiRead,
    *,
    conclusion: str,
    standing: Standing,
    now: datetime,
    anew: bool,
) -> Json:
    """The model's opinion alone, for a first reader who is to see it before they sign.

    ``anew``: an earlier one is there, and is replaced.
    """
    told = (
        _create(letter.urn("device"), write_device(card), token("identifier", terms.MODEL, card.identity)),
        *(
            {**each, "request": as_update(each)} if anew else each
            for each in _opinion(letter, card, read, conclusion, now)
        ),
        _ehr_task(replace(letter, shown=True), standing, []),
        _provenance(letter, read, now),
    )
    return _transaction(*told)


def opinion_bundle(
    letter: Correspondence,
    opinion: Opinion,
    standing: Standing,
    now: datetime,
    *,
    referral: Referral | None = None,
    answered: Answered | None = None,
    decided: Coding | None = None,
    objects: Sequence[tuple[Coding, str | None]] = (),
    notice: Json | None = None,
    more: Sequence[Json] = (),
) -> Json:
    """All that a resolved case says: the AI opinion, where one was asked for, and the specialist's.

    Provenance comes last: what it points at is there before it (AI Transparency). ``notice``: the patient's.
    ``more``: outputs of the EHR's Task.
    """
    card, read = opinion.card, opinion.read
    told = [] if notice is None else [_minted(letter, "notice", terms.NOTICE, notice)]
    outputs = [
        *_outcome(letter, opinion.comparison, referral, answered, decided),
        *_noticed(letter, told),
        *more,
    ]
    if read.silence is Silence.NOT_ASKED:
        return _transaction(
            *_settled(letter, opinion, referral, answered), *told, _ehr_task(letter, standing, outputs)
        )
    return _transaction(
        _create(letter.urn("device"), write_device(card), token("identifier", terms.MODEL, card.identity)),
        *_opinion(letter, card, read, opinion.conclusion, now),
        *_settled(letter, opinion, referral, answered),
        *told,
        _ehr_task(letter, standing, [*outputs, *_archived(objects)]),
        _provenance(letter, read, now),
    )


def _opinion(letter: Correspondence, card: Card, read: AiRead, words: str, now: datetime) -> list[Json]:
    """What the model says: the Observation, and the report as a whole."""
    report = write_report(letter, card, read, words, now)
    return [
        _minted(letter, "opinion", terms.OPINION, write_observation(letter, card, read)),
        _minted(letter, "opinion-report", terms.OPINION_REPORT, report),
    ]


def _provenance(letter: Correspondence, read: AiRead, now: datetime) -> Json:
    unless = token("_tag", terms.PROVENANCE, letter.minted("provenance"))
    return _create(letter.urn("provenance"), write_provenance(letter, read, now), unless)


def _settled(
    letter: Correspondence, opinion: Opinion, referral: Referral | None, answered: Answered | None
) -> list[Json]:
    """What a referral has come to; one that was never offered is known to nobody."""
    if referral is None or referral.offer is None:
        return []
    status = RequestStatus.REVOKED if answered is None else RequestStatus.COMPLETED
    card, read = opinion.card, opinion.read
    request = write_service_request(letter, card.question, referral, read.sources, status)
    offers = [
        _requested(letter, request),
        *(_offered(letter, referral, offer) for offer in referral.offers),
    ]
    if answered is None:
        return offers
    name = specialist_name(referral, answered.read.role)
    report = write_specialist_report(letter, answered.read, name, answered.report)
    return [_minted(letter, "specialist-report", terms.SPECIALIST_REPORT, report), *offers]


def _outcome(
    letter: Correspondence,
    comparison: Comparison,
    referral: Referral | None,
    answered: Answered | None,
    decided: Coding | None,
) -> list[Json]:
    outputs: list[Json] = [
        {
            "type": concept(terms.OUT_AGREEMENT),
            "valueCodeableConcept": concept(AGREEMENT_OF[comparison.verdict]),
        }
    ]
    if comparison.verdict is not Verdict.NOT_ASKED:
        outputs.append(_named_opinion(letter))
    if comparison.shown:
        outputs.append({"type": concept(terms.OUT_AI_SHOWN), "valueBoolean": True})
    if referral is not None and referral.offer is not None:
        outputs.append(_output(terms.OUT_REFERRAL, refer_to_offer(letter, referral.offer)))
    if answered is not None:
        outputs.append(_output(terms.OUT_SPECIALIST_REPORT, refer_to_specialist_report(letter)))
    if decided is not None:
        outputs.append({"type": concept(terms.OUT_DECIDED_BY), "valueCodeableConcept": concept(decided)})
    return outputs


def _named_opinion(letter: Correspondence) -> Json:
    name = letter.label(terms.OPINION_REPORT, "opinion-report")
    shown = logical("DiagnosticReport", name, "AI second read, not verified by a clinician")
    return _output(terms.OUT_AI_OPINION, shown)


def _noticed(letter: Correspondence, told: Sequence[Json]) -> list[Json]:
    reference = logical("DocumentReference", letter.label(terms.NOTICE, "notice"))
    return [_output(terms.OUT_NOTICE, reference) for _ in told]


def _archived(objects: Sequence[tuple[Coding, str | None]]) -> list[Json]:
    """DICOM objects by their SOP Instance UIDs; R4 has no type of resource for one."""
    named = ((kind, {"system": "urn:dicom:uid", "value": f"urn:oid:{uid}"}) for kind, uid in objects if uid)
    return [_output(kind, {"identifier": identifier}) for kind, identifier in named]


def _output(kind: Coding, reference: Json) -> Json:
    return {"type": concept(kind), "valueReference": reference}


def _offered(letter: Correspondence, referral: Referral, offer: Offer) -> Json:
    what = offer_name(offer)
    known_by = token("identifier", terms.REFERRAL_TASK, letter.minted(what))
    return _update(letter.urn(what), write_referral_task(letter, referral, offer), known_by)


def _requested(letter: Correspondence, request: Json) -> Json:
    """An update, for it ends, and what it asks about may be corrected."""
    known_by = token("identifier", terms.REFERRAL, letter.minted("referral"))
    return _update(letter.urn("referral"), request, known_by)


def _ehr_task(letter: Correspondence, standing: Standing, outputs: Sequence[Json]) -> Json:
    known_by = token("identifier", letter.task["system"], letter.task["value"])
    kinds = {coding["code"] for each in outputs for coding in each["type"]["coding"]}
    if letter.shown and terms.OUT_AI_OPINION.code not in kinds:
        outputs = [_named_opinion(letter), *outputs]
    return _update(letter.urn("task"), write_ehr_task(letter, standing, outputs), known_by)


def _minted(letter: Correspondence, what: str, system: str, resource: Json) -> Json:
    return _create(letter.urn(what), resource, token("identifier", system, letter.minted(what)))


def _create(full_url: str, resource: Json, unless: str) -> Json:
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": unless}
    return {"fullUrl": full_url, "resource": resource, "request": request}


def _update(full_url: str, resource: Json, known_by: str) -> Json:
    request = {"method": "PUT", "url": f"{resource['resourceType']}?{known_by}"}
    return {"fullUrl": full_url, "resource": resource, "request": request}


def _transaction(*entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
