"""The orders whose images have not come (``server.worklist.Worklist``): what is asked, less what came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from server.errors import Category, fault
from server.fhir.parse import own
from server.fhir.references import local
from server.fhir.worklist import OPEN_ORDERS, scheduled, subject_of
from server.image_search import Found, ImageSearch, Level, OneOf, Wanted
from server.ports import Resource, Shelf, Stored
from server.worklist import Scheduled

_MOST = 2_000
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class OpenOrders:
    """Looked up anew for each question."""

    shelf: Shelf
    search: ImageSearch
    most: int = _MOST

    def scheduled(self) -> Sequence[Scheduled]:
        with self.shelf.snapshot() as shelf:
            found = shelf.find(OPEN_ORDERS, self.most + 1)
            if len(found) > self.most:
                text = f"more than {self.most} orders are open; complete those that are done"
                raise fault(Category.TOO_LARGE, "too-costly", text)
            listed = list(_told(shelf, found))
        return [
            each
            for at in range(0, len(listed), _AT_ONCE)
            for each in self._awaited(listed[at : at + _AT_ONCE])
        ]

    def _awaited(self, listed: Sequence[Scheduled]) -> Iterator[Scheduled]:
        uids = {each.first.named.study for each in self._come("StudyInstanceUID", [e.study for e in listed])}
        named = {
            (each.first.named.accession, each.first.named.patient_id)
            for each in self._come("AccessionNumber", [e.accession for e in listed if e.accession])
        }
        for each in listed:
            by_number = any((each.accession, value) in named for _, value in each.patient_ids)
            if each.study not in uids and not by_number:
                yield each

    def _come(self, keyword: str, values: list[str]) -> Iterator[Found]:
        """An accession number may stand in more studies than one; all of them are looked through."""
        offset, test = 0, OneOf(keyword, tuple(values))
        while values:
            found = self.search.find(Wanted(Level.STUDY, (test,), _AT_ONCE, offset))
            yield from found
            offset += len(found)
            if len(found) < _AT_ONCE:
                return


def _told(shelf: Shelf, orders: Sequence[Stored]) -> Iterator[Scheduled]:
    @cache
    def patient(reference: str) -> Resource | None:
        target = local(reference)
        stored = None if target is None or target[0] != "Patient" else shelf.read(*target)
        return None if stored is None else own(stored.body)

    for stored in orders:
        order = own(stored.body)
        whose = patient(subject_of(order))
        told = None if whose is None else scheduled(stored, order, whose)
        if told is not None:
            yield told
