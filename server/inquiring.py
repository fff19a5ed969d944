"""Asks archives for cases: outside any transaction, each question for a bounded time, never a case's step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.completeness import InquiryClaim, Matter
from server.couriers import web_lines
from server.dicom.ask import Askable, Match, counted, instances_of
from server.dicom.ask.choice import choose, wanted
from server.dicom.ask.node import NodeArchive
from server.dicom.ask.web import WebArchive
from server.errors import Category, Fault
from server.fhir.smart.logins import Logins
from server.images import Images
from server.log import logger
from server.model import Destination, PacsDestination
from server.objects import Holding, ObjectArrival, Outcome, Refused, receiving
from server.store.inquiries import Inquiries
from server.times import instant
from server.worker import foreseen

_LARGEST = 64 * 1024 * 1024
"""Bytes of one answer, and so of one object that comes by the web; a larger one is told of as not had."""
_NO_ARCHIVE = "the archive is no longer configured"
_NO_TIME = "there was no time left for it"


@dataclass(frozen=True, slots=True)
class InquiryWorker:
    """Makes one due inquiry at a time."""

    inquiries: Inquiries
    archives: Mapping[str, PacsDestination]
    open: Callable[[PacsDestination], Askable]
    images: Images
    now: Callable[[], datetime]

    def once(self) -> bool:
        """Ask what is due; False when nothing is."""
        claim = self.inquiries.claim(self.now())
        if claim is None:
            return False
        inquiry = claim.inquiry
        try:
            said = foreseen(lambda: self._asked(claim), case=claim.case_id)
        except Fault as failure:
            said = _failed(inquiry.matter, str(failure))
        answer = {"at": instant(self.now()), **said}
        self.inquiries.answered(claim, answer, self.now())
        logger().info(
            "archive asked", case=claim.case_id, archive=inquiry.archive, matter=inquiry.matter.value
        )
        return True

    def _asked(self, claim: InquiryClaim) -> dict[str, Any]:
        inquiry = claim.inquiry
        configured = self.archives.get(inquiry.archive)
        if configured is None or configured.ask is None:
            return _failed(inquiry.matter, _NO_ARCHIVE)
        archive = self.open(configured)
        if inquiry.matter is Matter.COUNT:
            count, why = counted(archive, str(inquiry.about["study"]))
            return {"count": count, "why": why}
        return self._priors(archive, inquiry.about)

    def _priors(self, archive: Askable, about: Mapping[str, Any]) -> dict[str, Any]:
        chosen, left_off = choose(archive.find(wanted(about)), about)
        until = datetime.fromisoformat(about["until"])
        return {"studies": [self._fetched(archive, each, until) for each in chosen], "left_off": left_off}

    def _fetched(self, archive: Askable, match: Match, until: datetime) -> dict[str, Any]:
        """One that is here already is not fetched again; one that cannot be had stops no other."""
        uid, expected = match["StudyInstanceUID"], instances_of(match)
        here = self.images.study(uid)
        if here is not None and expected is not None and len(here.objects) + here.own >= expected:
            return {"study": uid, "expected": expected}
        if self.now() >= until:
            return {"study": uid, "expected": expected, "failed": _NO_TIME}
        try:
            why = archive.fetch(uid)
        except Fault as failure:
            why = str(failure)
        return {"study": uid, "expected": expected, **({"failed": why} if why else {})}


def _failed(matter: Matter, why: str) -> dict[str, Any]:
    return {"count": None, "why": why} if matter is Matter.COUNT else {"failed": why}


def askable(
    holding: Holding, logins: Logins, now: Callable[[], datetime]
) -> Callable[[PacsDestination], Askable]:
    """How an archive is spoken to; what comes back of it goes the way of a C-STORE."""

    def keep(arrival: ObjectArrival, data: bytes) -> Outcome:
        if not holding.has_room():
            return Refused(Category.UNAVAILABLE, "there is no room for objects here")
        with receiving(holding, arrival) as coming:
            coming.write(data)
            return coming.finish()

    web = web_lines(logins, _LARGEST)

    def opened(archive: PacsDestination) -> Askable:
        if isinstance(archive.at, Destination):
            return WebArchive(archive, archive.at, web, keep, now)
        return NodeArchive(archive, archive.at, keep, now)

    return opened


def asked_archives(archives: Sequence[PacsDestination]) -> dict[str, PacsDestination]:
    return {each.name: each for each in archives if each.ask is not None}
