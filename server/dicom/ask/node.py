"""An archive asked by DIMSE: C-FIND, Study Root; C-MOVE to our own AE title, or C-GET (PS3.4 annex C)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pydicom import Dataset

from server.dicom.ask import STUDY_KEYS, Keep, Match
from server.dicom.send.line import Context, NodeLine
from server.dicom.upper.negotiation import EXPLICIT_LITTLE, IMPLICIT_LITTLE, STORAGE_CLASSES, SYNTAXES
from server.errors import Category
from server.model import DicomNode, Fetching, PacsDestination
from server.objects import Held, ObjectArrival
from server.ports import Undelivered

_ROOT: Final = "1.2.840.10008.5.1.4.1.2.2."
FIND, MOVE, GET = f"{_ROOT}1", f"{_ROOT}2", f"{_ROOT}3"
_PLAIN: Final = (EXPLICIT_LITTLE, IMPLICIT_LITTLE)
_MOST_MATCHES: Final = 500
_UNKNOWN_DESTINATION: Final = 0xA801


@dataclass(frozen=True, slots=True)
class NodeArchive:
    """``server.dicom.ask.Askable``; one association for each question."""

    archive: PacsDestination
    node: DicomNode
    keep: Keep
    now: Callable[[], datetime]

    def find(self, wanted: Match) -> Sequence[Match]:
        asked = Dataset()
        asked.QueryRetrieveLevel = "STUDY"
        for name in STUDY_KEYS:
            setattr(asked, name, wanted.get(name, ""))
        with self._line([(FIND, _PLAIN)]) as line:
            found = line.find(asked, FIND, _MOST_MATCHES)
        if found is None:
            text = "the archive refused the question (C-FIND), or answered without measure"
            raise Undelivered(Category.UNPROCESSABLE, "processing", text)
        return [_match(each) for each in found]

    def fetch(self, study: str) -> str:
        asked = Dataset()
        asked.QueryRetrieveLevel = "STUDY"
        asked.StudyInstanceUID = study
        if self.archive.fetch is Fetching.GET:
            return self._got(asked)
        with self._line([(MOVE, _PLAIN)]) as line:
            status, failed = line.move(asked, MOVE, self.node.calling_ae)
        if status == _UNKNOWN_DESTINATION:
            return f"the archive says {status:04X}: register our calling_ae and address there"
        return _why(status, failed)

    def _got(self, asked: Dataset) -> str:
        refused: list[str] = []

        def take(sop_class: str, sop_instance: str, syntax: str, data: bytes) -> int:
            arrival = ObjectArrival(
                calling_ae=self.node.ae,
                called_ae=self.node.calling_ae,
                peer=self.node.host,
                sop_class=sop_class,
                sop_instance=sop_instance,
                syntax=syntax,
                received_at=self.now(),
                source=f"get:{self.archive.name}",
                study=str(asked.StudyInstanceUID),
            )
            became = self.keep(arrival, data)
            if isinstance(became, Held):
                return 0x0000
            refused.append(became.text)
            return 0xA900

        stored = tuple(sorted(SYNTAXES))
        contexts: list[Context] = [(GET, _PLAIN), *((each, stored) for each in sorted(STORAGE_CLASSES))]
        with self._line(contexts, STORAGE_CLASSES) as line:
            status, failed = line.get(asked, GET, take)
        return refused[0] if refused else _why(status, failed)

    def _line(self, contexts: Sequence[Context], taking: Collection[str] = ()) -> NodeLine:
        return NodeLine(self.archive, self.node, contexts, _unasked, taking=taking)


def _unasked(report: Dataset) -> int:
    """Nothing is committed to on this association: no such operation."""
    del report
    return 0x0211


def _match(found: Dataset) -> Match:
    """As text, whatever its representation; several values with backslashes between."""
    told = {}
    for name in STUDY_KEYS:
        value = found.get(name, None)
        several = value if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
        told[name] = "\\".join(str(each).strip() for each in several if each is not None)
    return told


def _why(status: int, failed: int) -> str:
    if status == 0 and not failed:
        return ""
    if failed:
        return f"the archive says {status:04X}: {failed} of its objects could not be sent"
    return f"the archive says {status:04X}"
