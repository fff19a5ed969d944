"""An archive asked by DICOMweb: QIDO-RS for studies, WADO-RS for their objects (PS3.18 10.6, 10.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlencode

from pydicom.datadict import tag_for_keyword

from server.dicom.ask import STUDY_KEYS, Keep, Match
from server.dicom.header import is_uid
from server.dicom.json_model import MEDIA_TYPE, objects, text
from server.dicom.part10 import LONGEST_HEAD, demand_taken, head_of
from server.dicom.web.multipart import parts
from server.errors import Category, Fault
from server.model import Destination, PacsDestination
from server.objects import Held, ObjectArrival
from server.ports import Undelivered, WebLine

_OBJECT: Final = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_SERIES, _INSTANCE = "0020000E", "00080018"
_MOST_MATCHES, _MOST_OBJECTS = 500, 2_000
_OPENING = re.compile(rb"(?:\r\n)?--([^\r\n]{1,200})\r\n")
Web = Callable[[Destination], AbstractContextManager[WebLine]]


@dataclass(frozen=True, slots=True)
class WebArchive:
    """``server.dicom.ask.Askable``; one line for each question, and for each object."""

    archive: PacsDestination
    at: Destination
    web: Web
    keep: Keep
    now: Callable[[], datetime]

    def find(self, wanted: Match) -> Sequence[Match]:
        asked = {name: value for name, value in wanted.items() if value}
        fields = [("includefield", each) for each in STUDY_KEYS if each not in asked]
        query = urlencode([*asked.items(), *fields, ("limit", str(_MOST_MATCHES))])
        return [_match(each) for each in self._asked(f"/studies?{query}")]

    def fetch(self, study: str) -> str:
        named = [_named(each) for each in self._asked(f"/studies/{study}/instances?limit={_MOST_OBJECTS}")]
        places = [(series, uid) for series, uid in named if is_uid(series) and is_uid(uid)]
        if not places:
            return "the archive names no objects of it"
        failed: list[str] = []
        for series, uid in places:
            why = self._taken(study, f"/studies/{study}/series/{series}/instances/{uid}")
            failed += [why] if why else []
        return f"{len(failed)} of its objects could not be had: {failed[0]}" if failed else ""

    def _asked(self, path: str) -> Sequence[Mapping[str, Any]]:
        with self.web(self.at) as line:
            status, body = line.ask("GET", path, {"Accept": MEDIA_TYPE}, b"", (200, 204))
        if status == 204:
            return []
        found = objects(body)
        if found is None:
            why = "the archive's answer is no DICOM JSON, or has more than we read"
            raise Undelivered(Category.UNPROCESSABLE, "structure", why)
        return found

    def _taken(self, study: str, path: str) -> str:
        """Why one object could not be had; empty when it is here."""
        try:
            with self.web(self.at) as line:
                _, body = line.ask("GET", path, {"Accept": _OBJECT}, b"", (200,))
            return self._kept(study, body)
        except Fault as failure:
            return str(failure)

    def _kept(self, study: str, body: bytes) -> str:
        opening = _OPENING.match(body)
        if opening is None:
            return "the archive's answer is no multipart message, or larger than we read"
        content = BytesIO(body)
        for part in parts(content, opening[1].rstrip()):
            head = head_of(body[part.start : min(part.end, part.start + LONGEST_HEAD)])
            demand_taken(head, part.end - part.start - head.data, len(body))
            arrival = ObjectArrival(
                calling_ae="",
                called_ae="",
                peer="",
                sop_class=head.sop_class,
                sop_instance=head.sop_instance,
                syntax=head.syntax,
                received_at=self.now(),
                source=f"wado:{self.archive.name}",
                study=study,
            )
            became = self.keep(arrival, body[part.start + head.data : part.end])
            if not isinstance(became, Held):
                return became.text
        return ""


def _named(found: Mapping[str, Any]) -> tuple[str, str]:
    return text(found, _SERIES), text(found, _INSTANCE)


def _match(found: Mapping[str, Any]) -> Match:
    return {name: text(found, f"{tag_for_keyword(name) or 0:08X}") for name in STUDY_KEYS}
