"""Which of the studies that an archive has found are priors of the ordered one; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.dicom.ask import Match
from server.dicom.header import is_uid


def wanted(about: Mapping[str, Any]) -> Match:
    """What is asked for: the patient by ID and issuer, and the time (PS3.4 C.2.2.2.1, C.2.2.2.5)."""
    return {
        "PatientID": str(about["patient_id"]),
        "IssuerOfPatientID": str(about["issuer"]),
        "StudyDate": f"{about['since']}-{about['made']}",
    }


def choose(found: Sequence[Match], about: Mapping[str, Any]) -> tuple[list[Match], int]:
    """The newest of those that fit, as many as are wanted, and how many more there are.

    An archive may know no issuers, or ignore what it does not match; so all that is asked for is looked at
    here once more. The objects themselves are, when they have come.
    """
    fit = {each["StudyInstanceUID"]: each for each in found if _fits(each, about)}
    newest = sorted(
        fit.values(), key=lambda each: (each["StudyDate"], each.get("StudyTime", "")), reverse=True
    )
    at_most = int(about["at_most"])
    return newest[:at_most], max(len(newest) - at_most, 0)


def _fits(each: Match, about: Mapping[str, Any]) -> bool:
    uid, date, issuer = (
        each.get(name, "") for name in ("StudyInstanceUID", "StudyDate", "IssuerOfPatientID")
    )
    modalities = set(each.get("ModalitiesInStudy", "").split("\\"))
    return (
        is_uid(uid)
        and uid != about["study"]
        and each.get("PatientID", "") == about["patient_id"]
        and issuer in ("", about["issuer"])
        and len(date) == 8
        and about["since"] <= date
        and _earlier(date, each.get("StudyTime", ""), about)
        and (each.get("AccessionNumber", "") or None) not in about["accessions"]
        and (not about["modalities"] or not modalities.isdisjoint(about["modalities"]))
    )


def _earlier(date: str, time: str, about: Mapping[str, Any]) -> bool:
    """A study of the same day only when both say at what time: a report on this one may be another study."""
    if date != about["made"]:
        return bool(date < about["made"])
    return bool(time and about["time"] and time < about["time"])
