"""What a query of the Query/Retrieve models finds (PS3.4 C.6.1, C.6.2)."""

from __future__ import annotations

from dataclasses import replace

from pydicom.datadict import keyword_for_tag

from server.dicom.account import Account
from server.dicom.found import values
from server.dicom.query.asked import LEVEL, NAME_OF, Asked, asked
from server.dicom.query.desk import Desk
from server.dicom.query.finding import Page
from server.dicom.query.identifier import Identifier, Written
from server.errors import Category, fault
from server.image_search import Found, Level, Wanted

_RETRIEVE_AE = 0x00080054


class ImagePages:
    """``server.dicom.query.finding.Pages``."""

    def __init__(self, desk: Desk, top: Level, called: str) -> None:
        self._desk = desk
        self._top = top
        self._called = called
        self._offset = 0

    def open(self, identifier: Identifier, account: Account) -> bool:
        self._asked, self._account = asked(identifier, self._top), account
        self._wanted = Wanted(self._asked.level, self._asked.meeting, self._desk.page)
        if self._desk.search.find(replace(self._wanted, limit=1, offset=self._desk.most)):
            text = f"more than {self._desk.most} match; ask for less"
            raise fault(Category.TOO_LARGE, "too-costly", text)
        return self._asked.unsupported

    def next(self) -> Page:
        found = self._desk.search.find(replace(self._wanted, offset=self._offset))
        self._offset += len(found)
        studies = tuple(dict.fromkeys(each.first.named.study for each in found))
        return Page(
            [told(each, self._asked, self._called) for each in found],
            self._account.of_studies(studies, self._desk.pictured),
            last=len(found) < self._wanted.limit,
        )


def told(found: Found, asked: Asked, called: str) -> Written:
    """Of the keys that were asked for those that are known of what was found, empty where it says nothing."""
    known = values(found, asked.level)
    written: dict[int, list[str]] = {LEVEL: [NAME_OF[asked.level]], _RETRIEVE_AE: [called]}
    for tag in asked.keys:
        written.setdefault(tag, known.get(keyword_for_tag(tag), []))
    return written
