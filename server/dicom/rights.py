"""What a peer may do here, and which of it a SOP class stands for."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from server.dicom.upper.negotiation import (
    PATIENT_ROOT_FIND,
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    STUDY_ROOT_MOVE,
    WORKLIST_FIND,
)


class Right(StrEnum):
    """The words of ``may`` in the file of peers."""

    STORE = "store"
    FIND = "find"
    GET = "get"
    MOVE = "move"
    WORKLIST = "worklist"


ALL = frozenset(Right)
UNSAID = frozenset((Right.STORE,))
"""Of a peer of the file of which nothing is said: what it could do before others could ask."""
NEEDED: Mapping[str, Right] = {
    PATIENT_ROOT_FIND: Right.FIND,
    STUDY_ROOT_FIND: Right.FIND,
    PATIENT_ROOT_GET: Right.GET,
    STUDY_ROOT_GET: Right.GET,
    PATIENT_ROOT_MOVE: Right.MOVE,
    STUDY_ROOT_MOVE: Right.MOVE,
    WORKLIST_FIND: Right.WORKLIST,
}
"""SOP classes that tell of what is here -> what a peer needs."""
