"""Identifiers that are computed, not drawn (PS3.5 annex B.2): a second write-up names the same objects.

A SOP Instance UID is made of what was read, by which model, and of all that the object says: the same
opinion is the same object, and no two objects that differ share a UID, whatever release wrote them.
"""

from __future__ import annotations

import hashlib
import uuid

from server.model import AiRead, Card

_MINT = uuid.UUID("b1f8a7a4-6c55-5d0e-8f0a-5c9c1b6a1f3e")
"""Namespace of all UIDs that an archive sees. Changing it doubles what was delivered."""


def minted(*parts: str) -> str:
    """The UUID (version 5) of these parts as a UID: 2.25 and one whole number."""
    named = uuid.uuid5(_MINT, "\n".join(parts))
    return f"2.25.{named.int}"


def device_uid(card: Card) -> str:
    """The model in one version: its name, and the bytes of its file."""
    return minted("device", card.identity, card.model_digest)


def is_device(uid: str, name: str, version: str, digest: str) -> bool:
    """Whether ``uid`` is what ``device_uid`` makes of a model, here or wherever this program runs."""
    return uid == minted("device", f"{name}@{version}", digest)


def series_uid(read: AiRead, kind: str) -> str:
    """What one model writes of one kind about one input."""
    return minted("series", kind, read.input_digest, read.card, read.model_digest)


def instance_uid(read: AiRead, kind: str, content: bytes) -> str:
    """``content``: the object as it is written but for this UID."""
    said = hashlib.sha256(content).hexdigest()
    return minted("instance", kind, read.input_digest, read.card, read.model_digest, said)


def tracking_uid(read: AiRead) -> str:
    """What is followed over time (PS3.16 TID 4108): one question on one input, whichever model answers."""
    return minted("tracking", read.question, read.input_digest)


def frame_of_reference_uid(film: str) -> str:
    """The space of one film that names none; ``film`` is its SOP Instance UID."""
    return minted("frame-of-reference", film)
