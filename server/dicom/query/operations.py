"""Which operation answers which SOP class."""

from __future__ import annotations

from dataclasses import dataclass

from server.dicom.account import TYPE
from server.dicom.query.desk import Desk
from server.dicom.query.finding import Finding
from server.dicom.query.images import ImagePages
from server.dicom.query.moving import Moving
from server.dicom.query.retrieval import Retrieval
from server.dicom.query.worklist import WorklistPages
from server.dicom.receive.operation import Asking, Operation
from server.dicom.rights import NEEDED, Right
from server.dicom.upper.negotiation import (
    PATIENT_ROOT_FIND,
    PATIENT_ROOT_GET,
    PATIENT_ROOT_MOVE,
    WORKLIST_FIND,
)
from server.image_search import Level

_PATIENT_ROOT = frozenset((PATIENT_ROOT_FIND, PATIENT_ROOT_GET, PATIENT_ROOT_MOVE))


@dataclass(frozen=True, slots=True)
class Answering:
    """``server.dicom.receive.operation.Operations``."""

    desk: Desk

    def begin(self, asking: Asking) -> Operation:
        if asking.context.sop_class == WORKLIST_FIND:
            pages = WorklistPages(self.desk, asking.calling, asking.peers.issuers)
            return Finding(asking, pages, self.desk.trail, "ServiceRequest")
        top = Level.PATIENT if asking.context.sop_class in _PATIENT_ROOT else Level.STUDY
        match NEEDED[asking.context.sop_class]:
            case Right.GET:
                return Retrieval(asking, self.desk, top)
            case Right.MOVE:
                return Moving(asking, self.desk, top)
        return Finding(asking, ImagePages(self.desk, top, asking.called), self.desk.trail, TYPE)
