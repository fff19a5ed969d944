"""A referral as it stands now is laid down, and whoever takes referrals in HL7 v2 is told what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from server.fhir.evidence import measurements
from server.fhir.imaging import study_uids
from server.fhir.parse import parse
from server.fhir.pens.correspondence import mint
from server.fhir.pens.referral_task import offer_name, specialist_name
from server.hl7v2.pens.letter import number
from server.hl7v2.pens.referral import Asked, Standing, Turn, write_order, write_referral
from server.model import Document, Hl7Kind, Measurement, Offer, OfferEnd, Referral, ResourceKey
from server.ports import Stored
from server.steps.casefile import CaseFile, Moved
from server.steps.results import message, practitioner, receivers

_PENS = {Hl7Kind.REF: write_referral, Hl7Kind.OML: write_order}
_OVER = (OfferEnd.EXPIRED, OfferEnd.UNANSWERED)


def referred(move: Moved, referral: Referral) -> Moved:
    """Lay down the referral, and tell of every offer that is new or has changed."""
    laid = [each.value for each in move.facts if each.kind == "referral"]
    before = laid[-1] if laid else move.file.referral
    move.lay_down("referral", referral)
    for offer, turn, standing in _turns(before, referral):
        move.send(_told(move.file, referral, offer, turn, standing))
    return move


def _turns(before: Referral | None, after: Referral) -> Iterator[tuple[Offer, Turn, Standing]]:
    """One that was read needs no word: who has signed knows it."""
    known = {each.number: each for each in before.offers} if before else {}
    for offer in after.offers:
        was = known.get(offer.number)
        if was is None:
            yield offer, Turn.OFFERED, Standing.PENDING
        elif offer.ended is not None and was.ended is None:
            if offer.ended is not OfferEnd.READ:
                yield offer, Turn.CANCELLED, Standing.EXPIRED if offer.ended in _OVER else Standing.REJECTED
        elif offer.accepted_at is not None and was.accepted_at is None:
            yield offer, Turn.CHANGED, Standing.ACCEPTED


def _told(file: CaseFile, referral: Referral, offer: Offer, turn: Turn, standing: Standing) -> list[Document]:
    told = [(each, kind) for kind in _PENS for each in receivers(file, kind)]
    if not told:
        return []
    asked = _asked(file, referral, offer, turn, standing)
    return [message(file, each, kind, partial(_PENS[kind], asked=asked)) for each, kind in told]


def _asked(file: CaseFile, referral: Referral, offer: Offer, turn: Turn, standing: Standing) -> Asked:
    accepted = offer.accepted_at is not None and offer.answer_by is not None
    evidence = [
        each for key in referral.evidence or file.ai_read.sources if (each := _stored(file, key)) is not None
    ]
    priors = [each for key in referral.priors if (each := _stored(file, key)) is not None]
    return Asked(
        turn=turn,
        standing=standing,
        card=file.read_card,
        offer=number(mint(file.case.id, offer_name(offer))),
        referral=number(mint(file.case.id, "referral")),
        urgency=referral.urgency,
        offered_at=offer.offered_at,
        due=offer.answer_by if accepted and offer.answer_by else offer.accept_by,
        operator=file.tools.operator.name,
        practitioner=practitioner(file, offer.role),
        name=specialist_name(referral, offer.role),
        values=_values(evidence),
        studies=_studies(evidence),
        priors=_studies(priors),
    )


def _stored(file: CaseFile, key: ResourceKey) -> Stored | None:
    return file.tools.shelf.read(key.type, key.id, key.version)


def _values(evidence: Sequence[Stored]) -> tuple[Measurement, ...]:
    return tuple(value for each in evidence if each.type == "Observation" for value in measurements(each))


def _studies(resources: Sequence[Stored]) -> tuple[str, ...]:
    described = (parse(each.body) for each in resources if each.type == "ImagingStudy")
    return tuple(dict.fromkeys(uid for each in described for uid in study_uids(each)))
