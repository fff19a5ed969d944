"""The query of a search (PS3.18 8.3.4 and 10.6.1): from names and values to what is asked of the record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from server.dicom.header import is_uid
from server.dicom.matching import LONGEST, matched, meets_of
from server.dicom.web.exchange import warning
from server.errors import Category, Fault, fault
from server.image_search import Level, Meets, OneOf, Wanted

MOST = 1_000
"""Results of one answer, whatever ``limit`` asks for."""
_TAG = re.compile(r"[0-9A-Fa-f]{8}")
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9]{1,63}")
_BETWEEN = ",\\"
"""Either stands between the values of a list (PS3.18 8.3.4.1; PS3.4 C.2.2.2.2)."""
_NOT_FUZZY = "The fuzzymatching parameter is not supported. Only literal matching has been performed."
_NOT_KEYS = (
    "Some attributes of the query are not matched at this level and were ignored; the results meet the rest."
)
_CAPPED = f"At most {MOST} results are in one answer. Ask for more with offset."
_NOT_KEPT = "Some attributes of includefield are not kept for searches and are not in the results."


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was understood."""

    wanted: Wanted
    included: frozenset[str] | None
    """Keywords that are to be told beside those that always are; None for all."""
    warnings: tuple[str, ...]


def asked(level: Level, args: Iterable[tuple[str, str]], place: dict[str, str]) -> Asked:
    """``place``: the UIDs in the address, by keyword.

    Raises:
        Fault: INCORRECT, naming the parameter.
    """
    reading = _Reading(level)
    for keyword, uid in place.items():
        reading.keys[keyword] = OneOf(keyword, (uid_of(uid),))
    for name, value in args:
        reading.take(name, value)
    limit = min(reading.limit or MOST, MOST)
    wanted = Wanted(level, tuple(reading.keys.values()), limit, reading.offset)
    return Asked(wanted, None if reading.all else frozenset(reading.included), tuple(reading.warnings))


def uid_of(text: str) -> str:
    """A UID of an address. Raises Fault(INCORRECT)."""
    if not is_uid(text):
        raise _no("the UIDs of an address are digits and points, at most 64 (PS3.5 9.1)")
    return text


def keyword_of(text: str) -> str | None:
    """By keyword or by tag; None when PS3.6 has no such attribute. Raises Fault(INCORRECT)."""
    if _TAG.fullmatch(text):
        return keyword_for_tag(int(text, 16)) or None
    if not _KEYWORD.fullmatch(text):
        raise _no("attributes are named by keyword (PatientName) or by tag (00100010)")
    return text if tag_for_keyword(text) is not None else None


class _Reading:
    def __init__(self, level: Level) -> None:
        self._matched = set(matched(level))
        self.keys: dict[str, Meets] = {}
        self.included: set[str] = set()
        self.all = False
        self.limit = 0
        self.offset = 0
        self.warnings: list[str] = []

    def take(self, name: str, value: str) -> None:
        if len(value) > LONGEST * 32:
            raise _no("a value of the query is too long")
        match name:
            case "accept" | "charset":
                return
            case "limit":
                self.limit = self._count(name, value, least=1)
                if self.limit > MOST:
                    self._warn(_CAPPED)
            case "offset":
                self.offset = self._count(name, value, least=0)
            case "fuzzymatching":
                self._fuzzy(value)
            case "includefield":
                self._include(value)
            case _:
                self._key(name, value)

    def _count(self, name: str, value: str, *, least: int) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", value) or int(value) < least:
            raise _no(f"{name} is a whole number from {least} on")
        return int(value)

    def _fuzzy(self, value: str) -> None:
        if value not in ("true", "false"):
            raise _no("fuzzymatching is true or false")
        if value == "true":
            self._warn(_NOT_FUZZY)

    def _include(self, value: str) -> None:
        for each in value.split(","):
            if each == "all":
                self.all = True
                continue
            keyword = None if "." in each else keyword_of(each)
            if keyword is None:
                self._warn(_NOT_KEPT)
            else:
                self.included.add(keyword)

    def _key(self, name: str, value: str) -> None:
        keyword = None if "." in name else keyword_of(name)
        if keyword is None or keyword not in self._matched:
            self._warn(_NOT_KEYS)
            return
        test = meets_of(keyword, value, _BETWEEN)
        if test is None:
            return
        before = self.keys.get(keyword)
        if isinstance(before, OneOf) and isinstance(test, OneOf) and keyword.endswith("UID"):
            # What the address says stands; a list that does not hold it finds nothing.
            both = tuple(each for each in before.values if each in test.values)
            self.keys[keyword] = OneOf(keyword, both)
        elif before is not None:
            raise _no("each attribute may be asked for once; several UIDs stand with commas between")
        else:
            self.keys[keyword] = test

    def _warn(self, text: str) -> None:
        if warning(text) not in self.warnings:
            self.warnings.append(warning(text))


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "value", text)


def truncated(limit: int) -> str:
    """PS3.18 8.3.4.4: there is more than was told."""
    return warning(
        f"There are more than the {limit} results of this answer. Additional results can be requested."
    )


def names(keywords: Iterable[str]) -> Iterator[str]:
    """Tags of attributes, as DICOM JSON names them (PS3.18 F.2.2)."""
    for each in keywords:
        tag = tag_for_keyword(each)
        if tag is not None:
            yield f"{tag:08X}"
