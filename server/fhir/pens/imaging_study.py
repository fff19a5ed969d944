"""ImagingStudy: what has come of a study, so that everything else can refer to it (R4 imagingstudy.html).

The store of DICOM objects is the truth; this is its picture at our FHIR door, one version for each time that
the study was found complete. ``series.uid`` and ``instance.uid`` are bare UIDs, the study's is an identifier
with ``urn:oid:`` before it; a SOP class is a Coding in urn:ietf:rfc:3986 (R4, notes on DICOM).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from server.fhir.imaging import DICOM_UID
from server.fhir.pens.datatypes import Json
from server.fhir.terms import ACCESSION, DCM
from server.images import ImageObject, Study
from server.times import instant

_OURS = uuid.UUID("0d6a7a5e-6f0f-5c83-9a0f-52b1d3f40a11")
"""Namespace of the ids of studies; changing it writes every study twice."""


def study_id(case_id: str, uid: str) -> str:
    """The id of the resource: what one case has looked at does not change when another's does."""
    return str(uuid.uuid5(_OURS, f"{case_id}/{uid}"))


def write_imaging_study(study: Study, subject: str) -> Json:
    """``subject``: ``Patient/id`` in our store."""
    images = list({each.sop_instance: each for each in study.objects}.values())
    series = list(dict.fromkeys(each.series for each in images))
    accession = study.named.accession
    return {
        "resourceType": "ImagingStudy",
        "identifier": [
            {"system": DICOM_UID, "value": f"urn:oid:{study.named.study}"},
            *([_accession(accession)] if accession else []),
        ],
        "status": "available",
        "modality": [_modality(each) for each in sorted({_kind(image) for image in images})],
        "subject": {"reference": subject},
        "started": _started(images, study.first_at),
        "numberOfSeries": len(series),
        "numberOfInstances": len(images),
        "series": [_series(uid, [each for each in images if each.series == uid]) for uid in series],
    }


def _series(uid: str, images: Sequence[ImageObject]) -> Json:
    number = _number(images[0], "SeriesNumber")
    return {
        "uid": uid,
        **({"number": number} if number is not None else {}),
        "modality": _modality(_kind(images[0])),
        "numberOfInstances": len(images),
        "instance": [_instance(each) for each in images],
    }


def _instance(image: ImageObject) -> Json:
    number = _number(image, "InstanceNumber")
    return {
        "uid": image.sop_instance,
        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{image.sop_class}"},
        **({"number": number} if number is not None else {}),
    }


def _kind(image: ImageObject) -> str:
    """OT, other, is what DICOM has for a modality that is not said (PS3.16 CID 29)."""
    return image.header.get("Modality", "OT")


def _modality(code: str) -> Json:
    return {"system": DCM, "code": code}


def _accession(number: str) -> Json:
    coding = {"system": ACCESSION.system, "code": ACCESSION.code}
    return {"type": {"coding": [coding]}, "value": number}


def _number(image: ImageObject, keyword: str) -> int | None:
    """R4 unsignedInt; DICOM's IS may be negative, and is then left out."""
    text = image.header.get(keyword, "")
    return int(text) if text.isdigit() and len(text) <= 9 else None


def _started(images: Sequence[ImageObject], first_at: datetime) -> str:
    """The study's date as it says; else when it began to come."""
    day = next((each.header["StudyDate"] for each in images if "StudyDate" in each.header), "")
    if len(day) == 8 and day.isdigit() and "01" <= day[4:6] <= "12" and "01" <= day[6:] <= "31":
        return f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return instant(first_at)
