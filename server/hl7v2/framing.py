"""MLLP without I/O: bytes that come are taken apart into messages, and what stands between them.

HL7 v2, Transport Specification: MLLP, Release 1: a block is VT, the message, FS, CR. Nothing in a message is
escaped for it, so a VT or FS CR inside is one: what was begun before a VT was never finished, and what
follows FS CR is not of the message. Bytes are looked at once, however they are split, and no more of them is
held than the longest message and what was fed last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

VT, FS, CR = 0x0B, 0x1C, 0x0D
KIB = 1024
LONGEST = 16 * 1024 * KIB
STRAY = 64 * KIB
"""Of bytes between two messages, after which it is no MLLP that is spoken."""
_MOST_DROPS = 16
"""Messages in a row that are begun, and not ended, before the next is."""
_LOOK = 64
"""Bytes after a message among which padding is looked past."""
_TAIL = 4
"""Bytes behind a message: an engine's habit, where a torn message has more."""
_BEGIN = 4 * KIB
"""What is told of a message that is too long: its first segment is in it."""
_BETWEEN = b"\x00\x06\x15\t\n\r "
"""Padding, and the commit acknowledgements of Release 2, which nobody here has asked for."""
_FOREIGN = {
    b"MSH": "no-start-block",
    b"\x16\x03": "tls",
    **dict.fromkeys((b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b"PRI "), "http"),
}
_LONGEST_FOREIGN = max(map(len, _FOREIGN))


class Why(StrEnum):
    """What nobody should have sent."""

    NO_START_BLOCK = "no-start-block"
    """A message without VT."""
    HTTP = "http"
    TLS = "tls"
    """On a port, or after a message, where none is spoken."""
    STRAY = "stray"
    """More bytes between messages than are overlooked, or one begun after the other and none ended."""
    BEGUN_ANEW = "begun-anew"
    """A VT where the message before was not at its end."""
    CUT_OFF = "cut-off"
    """The peer has closed in the middle of a message."""
    ENDED = "ended"
    """The peer has closed between two: nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message; it may be empty, which none is."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Torn:
    """A message of which this is not all: there is an FS CR inside, and the rest has come with it.

    A peer waits for the answer to one message before it says anything that is none. Where the rest comes
    later, nobody can tell.
    """

    payload: bytes


@dataclass(frozen=True, slots=True)
class Skipped:
    """So many bytes stood between two messages."""

    count: int


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that was begun is not going to end."""

    why: Why


@dataclass(frozen=True, slots=True)
class Closed:
    """Nothing more can be understood: the last event."""

    why: Why


@dataclass(frozen=True, slots=True)
class TooLong:
    """A message is longer than may be; the last event, for its end may never come."""

    begin: bytes


Event = Frame | Torn | Skipped | Dropped | Closed | TooLong


def block(payload: bytes) -> bytes:
    """A message as it is sent."""
    return b"%c%b%c%c" % (VT, payload, FS, CR)


class Framing:
    """One connection's. ``feed`` what has come, then ``take`` until there is nothing."""

    def __init__(self, longest: int = LONGEST, stray: int = STRAY) -> None:
        self._longest, self._most_stray = longest, stray
        self._fed, self._at = b"", 0
        self._vt = self._fs = -1
        """Where the next of them stands in what was fed; before ``_at``: not looked for yet."""
        self._message: bytearray | None = None
        self._pending = False
        """The last byte was an FS: the next one says whether it ends the message."""
        self._doubtful: bytes | None = None
        """A message that something follows which should not: the rest of it, or nothing to do with it."""
        self._stray = self._foreign_bytes = self._drops = 0
        self._start = b""
        """How that begins which stands between messages."""
        self._closing = self._over = False

    @property
    def begun(self) -> bool:
        """In the middle of a message."""
        return self._message is not None or self._doubtful is not None

    @property
    def held(self) -> int:
        """Bytes that wait here."""
        return len(self._fed) - self._at + len(self._message or self._doubtful or b"")

    def feed(self, data: bytes) -> None:
        if self._over:
            return
        self._fed = self._fed[self._at :] + data
        self._at = 0
        self._vt = self._fs = -1

    def close(self) -> None:
        """The peer has sent its last byte."""
        self._closing = True

    @property
    def doubtful(self) -> bool:
        """A message is whole, but for a few bytes behind it that may be anything."""
        return self._doubtful is not None and self._foreign_bytes <= _TAIL

    def settle(self) -> Frame | None:
        """Nothing has followed those bytes for a while: they were not the rest of it."""
        return self._no_doubt() if self.doubtful else None

    @property
    def rest(self) -> bytes:
        """Of a message whose end was written otherwise: FS, and no CR."""
        message, ended, _ = bytes(self._message or b"").partition(b"%c" % FS)
        return message if ended else b""

    def take(self) -> Event | None:
        """None: more has to come."""
        while self._at < len(self._fed) and not self._over:
            event = self._between() if self._message is None else self._inside(self._message)
            if event is not None:
                return self._last(event)
        return self._last(self._end()) if self._closing and not self._over else None

    def _last(self, event: Event) -> Event:
        if isinstance(event, Closed | TooLong):
            self._over = True
            self._fed, self._at, self._message, self._doubtful = b"", 0, None, None
        return event

    # -- between messages

    def _between(self) -> Event | None:
        end = self._next_vt()
        if self._doubtful is not None and (torn := self._torn(end)) is not None:
            return torn
        here, self._at = self._fed[self._at : end], end
        self._stray += len(here)
        rest = here if self._start else here.lstrip(_BETWEEN)
        self._foreign_bytes += len(rest)
        if len(self._start) < _LONGEST_FOREIGN:
            self._start += rest[:_LONGEST_FOREIGN]
            foreign = next((why for start, why in _FOREIGN.items() if self._start.startswith(start)), None)
            if foreign is not None:
                return Closed(Why(foreign))
        if self._stray > self._most_stray:
            return Closed(Why.STRAY)
        if end == len(self._fed):
            self._pending = here.endswith(b"%c" % FS)
            return None
        if self._doubtful is not None:
            return self._no_doubt()
        return self._begin()

    def _torn(self, before: int) -> Torn | Frame | None:
        """The end of a message where none has begun is that of the last one."""
        split = self._pending and self._fed[self._at] == CR
        end = self._at - 1 if split else self._next_end()
        self._pending = False
        if end >= before or self._doubtful is None:
            return None
        between = max(0, end - self._at)
        self._foreign_bytes += between
        self._at = end + 2
        payload, self._doubtful = self._doubtful, None
        return Torn(payload) if self._foreign_bytes else Frame(payload)  # its end was said twice

    def _no_doubt(self) -> Frame | None:
        payload, self._doubtful = self._doubtful, None
        return None if payload is None else Frame(payload)

    def _begin(self) -> Event | None:
        self._at += 1
        skipped = self._foreign_bytes
        self._message, self._pending = bytearray(), False
        self._stray = self._foreign_bytes = 0
        self._start = b""
        return Skipped(skipped) if skipped else None

    # -- inside one

    def _inside(self, message: bytearray) -> Event | None:
        if self._pending:
            self._pending = False
            follows = self._fed[self._at]
            if follows in (CR, VT):
                self._at += follows == CR
                return self._whole(message)
            message.append(FS)
        end = min(self._next_vt(), self._next_end())
        message += self._fed[self._at : end]
        self._at = end
        before = self._fed[end - 1] if end else 0
        if len(message) > self._longest + (before == FS):
            return TooLong(bytes(message[: min(_BEGIN, self._longest)]))
        if end < len(self._fed) and self._fed[end] == FS:
            self._at += 2
            return self._whole(message)
        if message and before == FS:  # it ends the message if nothing follows, or a VT
            del message[-1]
            self._pending = end == len(self._fed)
            return None if self._pending else self._whole(message)
        return None if end == len(self._fed) else self._anew()

    def _anew(self) -> Event:
        """A VT where there should be none."""
        self._drops += 1
        self._begin()
        return Dropped(Why.BEGUN_ANEW) if self._drops <= _MOST_DROPS else Closed(Why.STRAY)

    def _whole(self, message: bytearray) -> Frame | None:
        self._message, self._drops = None, 0
        follows = self._fed[self._at : self._at + _LOOK].lstrip(_BETWEEN)
        if not follows or follows[0] == VT:
            return Frame(bytes(message))
        self._doubtful = bytes(message)
        return None

    # -- the end

    def _end(self) -> Event:
        message, self._message = self._message, None
        if message is not None and self._pending:
            return Frame(bytes(message))
        if message is not None or self._doubtful is not None:
            self._doubtful = None
            return Dropped(Why.CUT_OFF)
        if self._foreign_bytes:
            skipped, self._foreign_bytes = self._foreign_bytes, 0
            return Skipped(skipped)
        return Closed(Why.ENDED)

    def _next_vt(self) -> int:
        """Where it stands, or the end of what was fed; each byte is looked at once."""
        if self._vt < self._at:
            self._vt = self._found(b"%c" % VT)
        return self._vt

    def _next_end(self) -> int:
        """As ``_next_vt``, of FS CR."""
        if self._fs < self._at:
            self._fs = self._found(b"%c%c" % (FS, CR))
        return self._fs

    def _found(self, wanted: bytes) -> int:
        found = self._fed.find(wanted, self._at)
        return len(self._fed) if found < 0 else found
