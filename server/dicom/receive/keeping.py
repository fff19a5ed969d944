"""A Holding whose objects can be found again: the file durable in the vault, then its record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from server.dicom.record import record
from server.errors import Fault
from server.images import Held as Kept
from server.images import Images
from server.objects import Held, ObjectArrival, Outcome, ReceivingFile, Refused

_SAID: Mapping[Kept, Held] = {
    Kept.STORED: Held.STORED,
    Kept.KNOWN: Held.ALREADY,
    Kept.BESIDE: Held.BESIDE,
}


class Filing(Protocol):
    """``server.dicom.receive.staging.Staging``."""

    def begin(self, arrival: ObjectArrival) -> ReceivingFile: ...

    def has_room(self) -> bool: ...


class Keeping:
    """``server.objects.Holding`` over files and the record of them."""

    def __init__(self, filing: Filing, images: Images) -> None:
        self._filing = filing
        self._images = images

    def begin(self, arrival: ObjectArrival) -> KeptObject:
        """Raises OSError or Fault."""
        return KeptObject(arrival, self._filing.begin(arrival), self._images)

    def has_room(self) -> bool:
        return self._filing.has_room()


class KeptObject:
    """One object on its way."""

    def __init__(self, arrival: ObjectArrival, receiving: ReceivingFile, images: Images) -> None:
        self._arrival = arrival
        self._receiving = receiving
        self._images = images

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._receiving.write(data)

    def finish(self) -> Outcome:
        """Raises OSError; Fault(UNAVAILABLE) when the record cannot be written: then it is not held."""
        try:
            filed = self._receiving.file()
        except Fault as failure:
            return Refused(failure.category, str(failure))
        return _SAID[self._images.hold(record(self._arrival, filed))]

    def abandon(self) -> None:
        self._receiving.abandon()
