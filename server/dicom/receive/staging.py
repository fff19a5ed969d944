"""The file of an object (PS3.10): written while it comes, checked when it is whole, then durable.

The data set is kept as it was sent, byte for byte; preamble and file meta information are ours. The
order is that of docs/decisions/0001: whatever fails before the digest's name is on the disk leaves
nothing that could be taken for an object.
"""

from __future__ import annotations

import hashlib
from struct import pack

from server.dicom.header import WANTED, header, is_uid
from server.dicom.limits import GIB
from server.dicom.upper.answer import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from server.dicom.whole import Whole, walk
from server.errors import Category, Fault, fault
from server.objects import Filed, Held, ObjectArrival, Outcome, Refused, Staged, Stages

_LEAST_FREE, _LEAST_SHARE = 2 * GIB, 0.05


class Staging:
    """A Holding that keeps files and nothing else; a store has rows to add, and wraps it."""

    def __init__(self, stages: Stages) -> None:
        self._stages = stages

    def begin(self, arrival: ObjectArrival) -> StagedObject:
        """Raises OSError; Fault, when the request names no object that could be held."""
        if not (is_uid(arrival.sop_class) and is_uid(arrival.sop_instance)):
            raise fault(Category.UNPROCESSABLE, "value", "SOP Class UID and SOP Instance UID must be UIDs")
        staged = self._stages.stage()
        made = StagedObject(arrival, staged)
        try:
            staged.write(preamble(arrival))
        except OSError:
            staged.abandon()
            raise
        return made

    def has_room(self) -> bool:
        """At least 2 GiB, on a small disk 5 %: what is left is for what was acknowledged already."""
        free, whole = self._stages.free()
        return free >= min(_LEAST_FREE, whole * _LEAST_SHARE)


class StagedObject:
    """One object on its way. Used by one thread at a time."""

    def __init__(self, arrival: ObjectArrival, staged: Staged) -> None:
        self._arrival = arrival
        self._staged = staged
        self._digest = hashlib.sha256()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Raises OSError."""
        self._digest.update(data)
        self._staged.write(data)

    def finish(self) -> Outcome:
        """Raises OSError."""
        try:
            self.file()
        except Fault as failure:
            return Refused(failure.category, str(failure))
        return Held.STORED

    def file(self) -> Filed:
        """Check that it is whole, and make it durable.

        Raises:
            Fault: INCORRECT or UNPROCESSABLE: it is not to be held, and has been abandoned.
            OSError: the disk does not take it.
        """
        arrival = self._arrival
        start = len(preamble(arrival))
        try:
            whole = self._walked(start)
            found, remarks = header(whole, arrival.sop_class, arrival.sop_instance)
            if arrival.study and found.study != arrival.study:
                raise fault(Category.UNPROCESSABLE, "invariant", "it is of another study than the one named")
            size, digest = self._staged.size, self._staged.finish()
        except (Fault, OSError):
            self._staged.abandon()
            raise
        return Filed(digest, self._digest.hexdigest(), size, found, (*whole.remarks, *remarks))

    def abandon(self) -> None:
        self._staged.abandon()

    def _walked(self, start: int) -> Whole:
        if self._staged.size == start:
            raise fault(Category.INCORRECT, "structure", "the data set is empty")
        with self._staged.content() as content:
            return walk(content, start, self._arrival.syntax, WANTED)


def preamble(arrival: ObjectArrival) -> bytes:
    """Preamble, prefix and file meta information (PS3.10 section 7.1), which C-STORE does not carry.

    Nothing of the sender stands in it, so that the same object is the same file from whomever it comes.
    """
    elements = {
        0x0001: (b"OB", b"\0\1"),
        0x0002: (b"UI", _uid(arrival.sop_class)),
        0x0003: (b"UI", _uid(arrival.sop_instance)),
        0x0010: (b"UI", _uid(arrival.syntax)),
        0x0012: (b"UI", _uid(IMPLEMENTATION_CLASS_UID)),
        0x0013: (b"SH", _even(IMPLEMENTATION_VERSION_NAME.encode(), b" ")),
    }
    group = b"".join(_element(number, vr, value) for number, (vr, value) in elements.items())
    return bytes(128) + b"DICM" + _element(0x0000, b"UL", pack("<I", len(group))) + group


def _element(number: int, vr: bytes, value: bytes) -> bytes:
    length = pack("<HI", 0, len(value)) if vr == b"OB" else pack("<H", len(value))
    return pack("<HH", 0x0002, number) + vr + length + value


def _uid(uid: str) -> bytes:
    return _even(uid.encode("ascii"), b"\0")


def _even(value: bytes, padding: bytes) -> bytes:
    return value + padding * (len(value) % 2)
