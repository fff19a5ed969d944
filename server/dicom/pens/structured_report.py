"""The opinion as a structured report: TID 1500 in Comprehensive 3D SR (PS3.16 A, PS3.3 A.35.13).

It is the root of what is written about a film; the map hangs from it (IHE AIR).
"""

from __future__ import annotations

from highdicom.sr import (
    CodedConcept,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
)
from highdicom.sr.templates import LanguageOfContentItemAndDescendants
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from server.dicom.pens import equipment
from server.dicom.pens.findings import evaluations, measurement_group
from server.dicom.pens.heading import accession, head, local
from server.dicom.pens.image_library import image_library
from server.dicom.pens.opinion import MARK, FilmOpinion, Instance, Written
from server.dicom.pens.procedure import procedures
from server.dicom.pens.sealing import date_all, seal
from server.dicom.pens.source import bare, bare_film
from server.dicom.pens.uids import device_uid, instance_uid, series_uid

KIND = "report"
_SERIES_NUMBER = 9001
_ENGLISH = CodedConcept("en", "RFC5646", "English")


class _Report(Comprehensive3DSR):
    """Whose film it is, ``heading`` says; to copy that itself, the library looks up the film's SOP class, and
    fails for a vendor's own.
    """

    def copy_patient_and_study_information(self, dataset: Dataset) -> None:
        pass


@disable_value_validation()  # pydicom's warnings quote what they warn of
def write_report(opinion: FilmOpinion, shown: Instance | None = None) -> Written:
    """COMPLETE, UNVERIFIED and PRELIMINARY: nobody answers for it yet. ``shown``: the map that explains it.

    Raises:
        ValueError: the card's finding is in a code system that DICOM has no name for.
    """
    read = opinion.read
    evidence = [bare(each) for each in opinion.evidence[1:]]
    if shown is not None:
        evidence.append(bare(shown))
    report = _Report(
        evidence=[bare_film(opinion), *evidence],
        content=_content(opinion, shown)[0],
        series_instance_uid=series_uid(read, KIND),
        series_number=_SERIES_NUMBER,
        sop_instance_uid="2.25.0",
        instance_number=1,
        is_complete=True,
        is_final=False,
        is_verified=False,
        series_description=MARK,
    )
    head(report, opinion.film)
    equipment.equip(report, opinion)
    date_all(report, local(read.made_at, opinion.film, opinion.zone))
    report.ReferencedRequestSequence = [_request(opinion.film)]
    return seal(report, lambda content: instance_uid(read, KIND, content))


def _content(opinion: FilmOpinion, shown: Instance | None) -> MeasurementReport:
    content = MeasurementReport(
        observation_context=_observer(opinion),
        procedure_reported=procedures(opinion.film),
        imaging_measurements=[measurement_group(opinion, shown)],
        title=codes.DCM.ImagingMeasurementReport,
        language_of_content_item_and_descendants=LanguageOfContentItemAndDescendants(_ENGLISH),
    )
    items = content[0].ContentSequence
    items.insert(len(items) - 1, image_library(opinion))
    items.append(evaluations(opinion))
    return content


def _observer(opinion: FilmOpinion) -> ObservationContext:
    """TID 1004."""
    card = opinion.card
    device = DeviceObserverIdentifyingAttributes(
        uid=device_uid(card),
        name=card.title,
        manufacturer_name=equipment.manufacturer(card),
        model_name=equipment.model_name(card),
        serial_number=equipment.serial_number(card),
        physical_location=opinion.operator,
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))


def _request(film: Dataset) -> Dataset:
    """The request that the film was made for (PS3.3 C.17.2); what the film does not say is empty."""
    request = Dataset()
    request.StudyInstanceUID = str(film.StudyInstanceUID)
    request.ReferencedStudySequence = []
    for element in accession(film):
        request.add(element)
    for keyword in (
        "PlacerOrderNumberImagingServiceRequest",
        "FillerOrderNumberImagingServiceRequest",
        "RequestedProcedureID",
        "RequestedProcedureDescription",
    ):
        setattr(request, keyword, "")
    request.RequestedProcedureCodeSequence = []
    return request
