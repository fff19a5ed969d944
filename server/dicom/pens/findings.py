"""What the model found, as content items: a measurement group, and the answer of the report as a whole."""

from __future__ import annotations

from decimal import Decimal

from highdicom.sr import (
    AlgorithmIdentification,
    CodeContentItem,
    ContainerContentItem,
    ContentSequence,
    ImageContentItem,
    Measurement,
    MeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    SourceImageForMeasurementGroup,
    TextContentItem,
    TrackingIdentifier,
)
from highdicom.sr.enum import RelationshipTypeValues

from server.dicom.pens import equipment
from server.dicom.pens.codes import (
    ABSENT,
    AI,
    CERTAINTY,
    CONCLUSION,
    PERCENT,
    PRESENT,
    QUALITATIVE_EVALUATIONS,
    UNDETERMINED,
    VISUAL_EXPLANATION,
    coded,
)
from server.dicom.pens.opinion import FilmOpinion, Instance
from server.dicom.pens.uids import tracking_uid
from server.model import AiRead, Answer

_SAID = {Answer.PRESENT: PRESENT, Answer.ABSENT: ABSENT, None: UNDETERMINED}
"""CID 240. A model that declines finds nothing, neither that something is there nor that it is not."""
_CONTAINS = RelationshipTypeValues.CONTAINS
_PLACES = Decimal("0.0001")


def certainty(read: AiRead) -> Decimal | None:
    """In percent, how probable it is that the answer given holds; None when there is no answer.

    As on every other wire: a certainty of 3 beside the value "absent" would read as doubt.
    """
    if read.answer is None or read.probability is None:
        return None
    present = Decimal(repr(read.probability)).quantize(_PLACES)
    return 100 * (present if read.answer is Answer.PRESENT else 1 - present)


def measurement_group(opinion: FilmOpinion, shown: Instance | None) -> MeasurementsAndQualitativeEvaluations:
    """TID 1501. ``shown``: the map that explains it.

    (121071, DCM, "Finding") is written only for what is there: whoever collects findings, and does not look
    at what is said of them, must not collect one that is absent.
    """
    read, film = opinion.read, opinion.film_instance
    finding = coded(opinion.card.finding)
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(tracking_uid(read), f"{read.question} (AI)"),
        finding_type=finding if read.answer is Answer.PRESENT else None,
        algorithm_id=_algorithm(opinion),
        measurements=_measured(read),
        qualitative_evaluations=[QualitativeEvaluation(finding, _SAID[read.answer])],
        source_images=[SourceImageForMeasurementGroup(film.sop_class, film.sop_instance)],
    )
    if shown is not None:
        group[0].ContentSequence.append(_explanation(shown))
    return group


def evaluations(opinion: FilmOpinion) -> ContainerContentItem:
    """TID 1500: the answer of the whole report, and in words; the words say why there is none."""
    container = ContainerContentItem(name=QUALITATIVE_EVALUATIONS, relationship_type=_CONTAINS)
    container.ContentSequence = ContentSequence(
        [
            CodeContentItem(coded(opinion.card.finding), _SAID[opinion.read.answer], _CONTAINS),
            TextContentItem(CONCLUSION, opinion.words, _CONTAINS),
        ]
    )
    return container


def _algorithm(opinion: FilmOpinion) -> AlgorithmIdentification:
    """TID 4019."""
    card, read = opinion.card, opinion.read
    return AlgorithmIdentification(
        name=equipment.model_name(card),
        version=equipment.version(card),
        manufacturer=equipment.manufacturer(card),
        family=AI,
        parameters=[
            f"absent at most {read.band.absent_at_most:g}, present at least {read.band.present_at_least:g}",
            f"SHA-256 of the model {read.model_digest}",
            f"SHA-256 of the input {read.input_digest}",
        ],
    )


def _measured(read: AiRead) -> list[Measurement]:
    """Where there is no certainty there is no measurement: one without a value, its reason coded (CID 42), is
    allowed, and stops readers made with highdicom.
    """
    held = certainty(read)
    return [] if held is None else [Measurement(CERTAINTY, float(held), PERCENT)]


def _explanation(shown: Instance) -> ImageContentItem:
    """As TID 1410 does for a region; this group is of the whole film and has none."""
    return ImageContentItem(
        name=VISUAL_EXPLANATION,
        referenced_sop_class_uid=shown.sop_class,
        referenced_sop_instance_uid=shown.sop_instance,
        relationship_type=_CONTAINS,
    )
