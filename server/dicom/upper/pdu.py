"""PDUs out of a byte stream, bounded before anything in them is trusted (PS3.8 section 9.3)."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

from server.dicom.limits import Limits

_HEADER = Struct(">BxI")


class Type(IntEnum):
    """PS3.8 9.3.2 to 9.3.8."""

    ASSOCIATE_RQ = 0x01
    ASSOCIATE_AC = 0x02
    ASSOCIATE_RJ = 0x03
    DATA = 0x04
    RELEASE_RQ = 0x05
    RELEASE_RP = 0x06
    ABORT = 0x07


class Why(IntEnum):
    """Reason of an A-ABORT whose source is the service-provider (PS3.8 table 9-26)."""

    NOT_SPECIFIED = 0
    UNRECOGNIZED_PDU = 1
    UNEXPECTED_PDU = 2
    UNRECOGNIZED_PARAMETER = 4
    UNEXPECTED_PARAMETER = 5
    INVALID_PARAMETER = 6


class Violation(Exception):
    """The peer broke the protocol; it is told why in an A-ABORT, and nothing more is read."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.name)
        self.why = why


_FIXED = {Type.RELEASE_RQ: 4, Type.RELEASE_RP: 4, Type.ABORT: 4, Type.ASSOCIATE_RJ: 4}
_FIRST = frozenset({Type.ASSOCIATE_RQ, Type.ABORT})


class Framer:
    """Takes bytes as they come, gives whole PDUs in order."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._inbox = bytearray()
        self._at = 0
        self.associated = False
        """Set by the owner: until then the first PDU is waited for, and held to less."""

    @property
    def waiting(self) -> int:
        """Bytes of PDUs that have not been taken."""
        return len(self._inbox) - self._at

    @property
    def room(self) -> int:
        """How many bytes may be received now."""
        limits = self._limits
        most = limits.pdu_bytes if self.associated else limits.request_bytes
        return max(most + _HEADER.size - self.waiting, 0)

    def feed(self, data: bytes | memoryview) -> None:
        if self._at == len(self._inbox):
            self._inbox.clear()
            self._at = 0
        elif self._at > self._limits.pdu_bytes:
            del self._inbox[: self._at]
            self._at = 0
        self._inbox += data

    def take(self) -> tuple[Type, bytes] | None:
        """The next PDU, if it is whole: its type and what follows its length.

        Raises:
            Violation: it is none that may come now, or longer than it may be.
        """
        if not self.waiting:
            return None
        kind = self._kind(self._inbox[self._at])
        if self.waiting < _HEADER.size:
            return None
        _, length = _HEADER.unpack_from(self._inbox, self._at)
        self._demand_length(kind, length)
        begin = self._at + _HEADER.size
        if len(self._inbox) < begin + length:
            return None
        self._at = begin + length
        return kind, bytes(memoryview(self._inbox)[begin : self._at])

    def _kind(self, number: int) -> Type:
        try:
            kind = Type(number)
        except ValueError as error:
            raise Violation(Why.UNRECOGNIZED_PDU) from error
        if not self.associated and kind not in _FIRST:
            raise Violation(Why.UNEXPECTED_PDU)
        return kind

    def _demand_length(self, kind: Type, length: int) -> None:
        if kind in _FIXED:
            fits = length == _FIXED[kind]
        elif kind is Type.DATA:
            fits = 6 <= length <= self._limits.pdu_bytes  # an item: its length, context and header
        else:
            fits = 68 <= length <= self._limits.request_bytes  # up to the variable items (PS3.8 table 9-11)
        if not fits:
            raise Violation(Why.INVALID_PARAMETER)
