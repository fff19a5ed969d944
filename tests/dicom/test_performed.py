"""What an N-CREATE and an N-SET of a performed procedure step say, and by which status one is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset

from server.completeness import Performed, StepChange, StepState
from server.dicom.dimse.status import Status
from server.dicom.performed import StepRefused, begun, changed
from server.dicom.upper.negotiation import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from tests.dicom import steps
from tests.dicom.steps import item

UID = "1.2.9"


@pytest.mark.parametrize("implicit", [False, True])
def test_a_step_begins_with_the_studies_that_it_was_scheduled_for(implicit: bool) -> None:
    data = steps.encoded(steps.begun(("1.2.3", "1.2.4")), implicit=implicit)
    step, scheduled = begun(data, IMPLICIT_LITTLE if implicit else EXPLICIT_LITTLE, UID)
    assert step == Performed(UID, StepState.IN_PROGRESS)
    assert scheduled == (("1.2.3", "ACC-1"), ("1.2.4", "ACC-1"))


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"PerformedProcedureStepStatus": "COMPLETED"}, Status.INVALID_ATTRIBUTE),
        ({"PerformedProcedureStepStatus": "SOON"}, Status.INVALID_ATTRIBUTE),
        ({"PerformedProcedureStepStatus": None}, Status.MISSING_ATTRIBUTE),
        ({"PerformedProcedureStepStatus": ""}, Status.MISSING_VALUE),
        ({"PerformedProcedureStepID": None}, Status.MISSING_ATTRIBUTE),
        ({"PerformedStationAETitle": ""}, Status.MISSING_VALUE),
        ({"Modality": None}, Status.MISSING_ATTRIBUTE),
        ({"ScheduledStepAttributesSequence": None}, Status.MISSING_ATTRIBUTE),
        ({"ScheduledStepAttributesSequence": []}, Status.MISSING_VALUE),
        ({"ScheduledStepAttributesSequence": [item(AccessionNumber="A")]}, Status.MISSING_ATTRIBUTE),
        ({"ScheduledStepAttributesSequence": [item(StudyInstanceUID="")]}, Status.MISSING_VALUE),
    ],
)
def test_a_step_that_cannot_begin(more: dict[str, Any], status: Status) -> None:
    with pytest.raises(StepRefused) as refused:
        begun(steps.encoded(steps.begun(**more)), EXPLICIT_LITTLE, UID)
    assert refused.value.status is status
    assert len(str(refused.value)) <= 64, "a comment holds no more"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (steps.ended(instances=["1.1", "1.2", "1.1"]), StepChange(StepState.COMPLETED, ("1.1", "1.2"))),
        (steps.ended(PerformedSeriesSequence=None), StepChange(StepState.COMPLETED)),
        (steps.discontinued(), StepChange(StepState.DISCONTINUED, (), "110513 (DCM)")),
        (steps.discontinued(code="a\nb"), StepChange(StepState.DISCONTINUED, (), "")),
        (item(PatientID="P-2"), StepChange()),
        (steps.ended("IN PROGRESS", ["1.1"]), StepChange(StepState.IN_PROGRESS, ("1.1",))),
        (
            item(
                PerformedSeriesSequence=[
                    item(
                        ReferencedNonImageCompositeSOPInstanceSequence=[item(ReferencedSOPInstanceUID="1.5")],
                        ReferencedImageSequence=[item(ReferencedSOPInstanceUID="1.4")],
                    )
                ]
            ),
            StepChange(None, ("1.4", "1.5")),
        ),
    ],
)
def test_what_a_change_says(made: Dataset, said: StepChange) -> None:
    assert changed(steps.encoded(made), EXPLICIT_LITTLE) == said


def test_a_change_to_what_is_no_status() -> None:
    with pytest.raises(StepRefused) as refused:
        changed(steps.encoded(steps.ended("DONE")), EXPLICIT_LITTLE)
    assert refused.value.status is Status.INVALID_ATTRIBUTE


@pytest.mark.parametrize("cut", [1, 9, 40])
def test_one_that_is_cut_short(cut: int) -> None:
    data = steps.encoded(steps.begun())
    with pytest.raises(StepRefused) as refused:
        begun(data[:-cut], EXPLICIT_LITTLE, UID)
    assert refused.value.status is Status.PROCESSING_FAILURE


def test_one_that_is_nested_without_end() -> None:
    """Headers of sequences and items of undefined length, each within the one before."""
    deep = b"\x40\x00\x70\x02SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * 5_000
    with pytest.raises(StepRefused) as refused:
        begun(deep, EXPLICIT_LITTLE, UID)
    assert refused.value.status is Status.PROCESSING_FAILURE
