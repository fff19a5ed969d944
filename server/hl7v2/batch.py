"""Batches (HL7 v2.8 section 2.10.3): several messages in one frame, each acknowledged for itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC

from server.hl7v2.acknowledge import OURS, Stamp, control_id

MOST = 500
"""Each is written to disk before the answer leaves; a sender waits for one some 30 seconds."""
_BOM = b"\xef\xbb\xbf"
_ENDS = re.compile(rb"[\r\n]+")
_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")


def messages(payload: bytes) -> tuple[bytes, ...] | None:
    """Those of a batch, each with its own ends of lines; None: it is none."""
    begin = payload[:64].removeprefix(_BOM).lstrip(b"\r\n")
    if not begin.startswith(_ENVELOPE[:2]):
        return None
    starts = [each.end() for each in _ENDS.finditer(payload) if payload.startswith(b"MSH", each.end())]
    ends = (*starts[1:], len(payload))
    return tuple(_body(payload[start:end]) for start, end in zip(starts, ends, strict=False))


def answer(answers: Sequence[bytes], stamp: Stamp) -> bytes:
    """One batch of them."""
    at = stamp.at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    head = f"BHS|{OURS.encoding}|||||{at}||||{control_id(stamp.key)}\r".encode()
    return b"".join([head, *answers, f"BTS|{len(answers)}\r".encode()])


def _body(message: bytes) -> bytes:
    """Without what ends the batch."""
    found = [each.start() for each in _ENDS.finditer(message) if message.startswith(_ENVELOPE, each.end())]
    return message[: found[0] + 1] if found else message
