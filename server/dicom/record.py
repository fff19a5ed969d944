"""From what came and what it says of itself to what is kept of it (``server.images.ImageObject``)."""

from __future__ import annotations

from server.images import ImageObject, Named
from server.objects import Filed, Header, ObjectArrival

KEYWORDS = {
    "PatientName": "patient_name", "PatientBirthDate": "birth_date", "PatientSex": "sex", "PatientAge": "age",
    "StudyDate": "study_date", "StudyTime": "study_time", "StudyID": "study_id",
    "StudyDescription": "study_description", "ReferringPhysicianName": "referring",
    "NumberOfStudyRelatedInstances": "instances_of_study",
    "SeriesDate": "series_date", "SeriesNumber": "series_number", "SeriesDescription": "series_description",
    "Modality": "modality", "BodyPartExamined": "body_part", "Laterality": "laterality",
    "PerformedProcedureStepStartDate": "step_date", "PerformedProcedureStepStartTime": "step_time",
    "AcquisitionDate": "acquisition_date", "InstanceNumber": "instance_number",
    "ViewPosition": "view_position", "Rows": "rows", "Columns": "columns", "NumberOfFrames": "frames",
    "SamplesPerPixel": "samples", "BitsAllocated": "bits", "PlanarConfiguration": "planar",
    "SpecificCharacterSet": "character_set",
}  # fmt: skip
"""Keyword (PS3.6) -> what the header calls it."""


def record(arrival: ObjectArrival, filed: Filed) -> ImageObject:
    header = filed.header
    return ImageObject(
        sop_instance=header.sop_instance,
        sop_class=header.sop_class,
        series=header.series,
        transfer_syntax=arrival.syntax,
        named=Named(
            study=header.study,
            patient_id=header.patient_id or "",
            issuer=header.patient_id_issuer or "",
            accession=header.accession or "",
        ),
        digest=filed.data_digest,
        file=filed.digest,
        size=filed.size,
        received_at=arrival.received_at,
        source=arrival.source or f"dimse:{arrival.calling_ae}>{arrival.called_ae}",
        header=dict(_said(header)),
    )


def _said(header: Header) -> list[tuple[str, str]]:
    values = [(keyword, getattr(header, name)) for keyword, name in KEYWORDS.items()]
    lossy = [("LossyImageCompression", "01")] if header.lossy else []
    return [(keyword, str(value)) for keyword, value in values if value is not None] + lossy
