"""What a modality says of an examination, on its way from the DICOM door into the store."""

from __future__ import annotations

from server.completeness import Steps, Taken
from server.dicom.dimse.status import Status
from server.dicom.performed import LARGEST, StepRefused, begun, changed
from server.dicom.unreadable import UNREADABLE
from server.errors import Category
from server.objects import Held, ObjectArrival, Operation, Outcome, Refused

_REFUSALS = {
    Taken.KNOWN: (Status.DUPLICATE_INSTANCE, "this step is known already; it is changed by N-SET"),
    Taken.UNKNOWN: (Status.NO_SUCH_INSTANCE, "no such step; it is begun by N-CREATE"),
    Taken.ANOTHERS: (Status.NOT_AUTHORIZED, "another peer, or of another called title, began this step"),
    Taken.OVER: (
        Status.PROCESSING_FAILURE,
        "Performed Procedure Step Object may no longer be updated",  # PS3.4 F.7.2.2.4
    ),
}


class StepMessage:
    """One N-CREATE or N-SET (``server.objects.Receiving``): small, read whole, kept before the answer."""

    def __init__(self, arrival: ObjectArrival, steps: Steps) -> None:
        self._arrival = arrival
        self._steps = steps
        self._data = bytearray()
        self._too_long = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._too_long |= len(self._data) + len(data) > LARGEST
        if self._too_long:
            self._data.clear()
        else:
            self._data += data

    def finish(self) -> Outcome:
        """Success once it is on disk, and the cases that wait for its study look again."""
        if self._too_long:
            return _no(Status.PROCESSING_FAILURE, f"the data set has more than {LARGEST // 1024} KiB")
        try:
            taken = self._said()
        except StepRefused as refusal:
            return _no(refusal.status, str(refusal))
        except UNREADABLE:
            return _no(Status.PROCESSING_FAILURE, "the data set cannot be read")
        return _no(*_REFUSALS[taken]) if taken in _REFUSALS else Held.STORED

    def abandon(self) -> None:
        self._data.clear()

    def _said(self) -> Taken:
        arrival, data = self._arrival, bytes(self._data)
        peer = f"{arrival.calling_ae}>{arrival.called_ae}"
        if arrival.operation is Operation.CHANGE:
            said = changed(data, arrival.syntax)
            return self._steps.change(arrival.sop_instance, said, peer, arrival.received_at)
        step, scheduled = begun(data, arrival.syntax, arrival.sop_instance)
        return self._steps.begin(step, scheduled, peer, arrival.received_at)


def _no(status: Status, text: str) -> Refused:
    return Refused(Category.UNPROCESSABLE, text, status)
