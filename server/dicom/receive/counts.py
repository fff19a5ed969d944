"""What the listeners of the DICOM door count (``server/counting.py``)."""

from __future__ import annotations

from server.dicom.upper.answer import Rejection
from server.dicom.upper.pdu import Why
from server.errors import Category
from server.objects import Held

FILE = "dicom-counts.json"
NAMES = (
    "associations accepted",
    *(f"associations rejected {each.name.lower()}" for each in Rejection),
    *(f"aborted {each.name.lower()}" for each in Why),
    "aborted too slow",
    "aborted too many refusals",
    "aborted stopping",
    "aborted by the peer",
    "handshakes failed",
    *(f"objects {each}" for each in Held),
    *(f"objects {each.value}" for each in Category),
    "objects failed",
    "bytes",
)
