"""The head of a message: what must be known before the rest can be read, and all that an answer needs."""

from __future__ import annotations

from dataclasses import dataclass

from server.hl7v2.message import Segment
from server.hl7v2.refusal import Code, rejected
from server.hl7v2.text import delimiters
from server.hl7v2.text.delimiters import Delimiters
from server.hl7v2.text.fields import Fields

BOM = b"\xef\xbb\xbf"
_LONGEST = 16 * 1024
"""Of MSH; beyond it is no head."""


@dataclass(frozen=True, slots=True)
class Head:
    """MSH as it reads before its character set is known (every byte one character)."""

    delimiters: Delimiters
    msh: Segment
    bom: bool

    @property
    def character_sets(self) -> tuple[str, ...]:
        """MSH-18; the first may be empty (ASCII), and of none nothing is said."""
        found = self.msh.fields[17] if len(self.msh.fields) > 17 else ()
        return tuple(each.text() for each in found)


def read_head(payload: bytes) -> Head:
    """Raises:
    Refusal: there is none, or its separators are wrong.
    """
    bom = payload.startswith(BOM)
    start = payload[len(BOM) if bom else 0 :][:_LONGEST].lstrip(b"\r\n")
    if payload[:2] in (b"\xff\xfe", b"\xfe\xff") or start[:4] in (b"M\0S\0", b"\0M\0S"):
        raise rejected(Code.TABLE, "utf-16", "UTF-16 is not taken; send UNICODE UTF-8 and say so in MSH-18")
    if not start.startswith(b"MSH"):
        raise rejected(Code.SEQUENCE, "no-msh", "a message must begin with the segment MSH")
    line = start.replace(b"\n", b"\r").partition(b"\r")[0].decode("latin-1")
    field, rest = line[3:4], line[4:]
    found = delimiters.of(field, rest.partition(field)[0] if field else "")
    return Head(found, Fields(found, "latin-1", switches=False).msh(line), bom)
