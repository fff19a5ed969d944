"""What the listeners of the HL7 v2 door count (``server/counting.py``)."""

from __future__ import annotations

from server.hl7v2.framing import Why

FILE = "mllp-counts.json"
REFUSALS = ("address", "certificate", "too many")
"""Why a connection is closed before anything is heard of it."""
ENDS = ("idle", "too slow", "not read", "no room", "failed", "stopping", "too long", *(
    each.value for each in Why if each not in (Why.ENDED, Why.CUT_OFF, Why.BEGUN_ANEW)
))  # fmt: skip
NAMES = (
    "connections accepted",
    *(f"connections refused {each}" for each in REFUSALS),
    *(f"connections ended {each}" for each in ENDS),
    "handshakes failed",
    "messages answered",
    "messages unanswered",
    "messages failed",
    "messages too long",
    "messages torn",
    *(f"messages {each.value}" for each in (Why.BEGUN_ANEW, Why.CUT_OFF)),
    "bytes",
)
