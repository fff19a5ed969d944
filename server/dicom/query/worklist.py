"""The modality worklist (PS3.4 annex K): which orders a modality's question matches, and what it is told."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from pydicom.datadict import dictionary_VR, keyword_for_tag

from server.dicom.account import Account
from server.dicom.matching import meets_of
from server.dicom.query.desk import Desk
from server.dicom.query.finding import Page
from server.dicom.query.identifier import CHARACTER_SET, Identifier, Written
from server.image_search import Like, Meets, OneOf, Within
from server.worklist import Scheduled

_STATION, _DAY, _HOUR = 0x00400001, 0x00400002, 0x00400003
_STEP_ID = "1"
"""Each order has one step."""
_LAST = "~"


class WorklistPages:
    """``server.dicom.query.finding.Pages``."""

    def __init__(self, desk: Desk, calling: str, issuers: Mapping[str, str]) -> None:
        self._desk = desk
        self._calling = calling
        self._issuer_of = {system: name for name, system in issuers.items()}
        self._left: list[tuple[str, Written]] = []

    def open(self, identifier: Identifier, account: Account) -> bool:
        self._account = account
        listed = [
            (each.what, step(each, self._calling, self._issuer_of))
            for each in self._desk.worklist.scheduled()
        ]
        found = [(what, row) for what, row in listed if matches(identifier, row)]
        self._left = [(what, projected(identifier, row)) for what, row in found]
        return bool(unknown(identifier, step(_NOTHING, "", {})))

    def next(self) -> Page:
        page, self._left = self._left[: self._desk.page], self._left[self._desk.page :]
        shown = self._account.of_resources([what for what, _ in page])
        return Page([row for _, row in page], shown, last=not self._left)


def step(
    order: Scheduled, calling: str, issuers: Mapping[str, str]
) -> dict[int, Sequence[str] | Sequence[Written]]:
    """All that a modality can be told of an order; a station that no order names is whichever asks."""
    (system, patient_id), *_ = order.patient_ids
    codes: list[Written] = [
        {0x00080100: [value], 0x00080102: [scheme], 0x00080104: [meaning]}
        for value, scheme, meaning in order.codes
    ]
    scheduled: Written = {
        0x00080060: _some(order.modality),
        _STATION: _some(order.station or calling),
        _DAY: _some(order.date),
        _HOUR: _some(order.time),
        0x00400006: [],
        0x00400007: _some(order.description),
        0x00400008: codes,
        0x00400009: [_STEP_ID],
        0x00400010: [],
    }
    return {
        0x00080050: _some(order.accession),
        0x00080090: _some(order.requester),
        0x00100010: _some(order.patient_name),
        0x00100020: _some(patient_id),
        0x00100021: _some(issuers.get(system, "")),
        0x00100030: _some(order.birth_date),
        0x00100040: _some(order.sex),
        0x0020000D: _some(order.study),
        0x00321032: _some(order.requester),
        0x00321060: _some(order.description),
        0x00321064: codes,
        0x00400100: [scheduled],
        0x00401001: _some(order.requested_id),
        0x00401003: _some(order.priority),
        0x00402016: _some(order.placer),
    }


_NOTHING = Scheduled("", "", "", "", (("", ""),), "", "", "", "", "", (), "", "", "", "", "", "")


def matches(identifier: Identifier, row: Written) -> bool:
    """Every key that is known is met; of a sequence one item meets the item that asks (PS3.4 C.2.2.2.6).

    Raises:
        Fault: INCORRECT for a value that is none.
    """
    tests = {
        tag: meets_of(keyword_for_tag(tag), value, "\\")
        for tag, value in identifier.values.items()
        if tag in row and dictionary_VR(tag) != "SQ"
    }
    together = _moments(tests)
    if together is not None:
        low, high = together
        at = "".join(str(each) for tag in (_DAY, _HOUR) for each in row[tag])
        if not low <= at <= high:
            return False
        tests[_DAY] = tests[_HOUR] = None
    if not all(test is None or _met(test, row[tag]) for tag, test in tests.items()):
        return False
    return all(
        any(matches(items[0], each) for each in row[tag] if not isinstance(each, str))
        for tag, items in identifier.items.items()
        if tag in row and items and items[0].values
    )


def _moments(tests: Mapping[int, Meets | None]) -> tuple[str, str] | None:
    """Ranges of date and of time are one range, from moment to moment (PS3.4 table K.6-1)."""
    day, hour = tests.get(_DAY), tests.get(_HOUR)
    if not isinstance(day, Within) or not isinstance(hour, Within):
        return None
    if day.low == day.high or hour.low == hour.high:
        return None
    return day.low and day.low + hour.low, (day.high or _LAST) + hour.high + _LAST


def _met(test: Meets, values: Sequence[str] | Sequence[Written]) -> bool:
    named = dictionary_VR(test.keyword) == "PN"
    texts = [_folded(each) if named else each for each in values if isinstance(each, str)]
    match test:
        case OneOf():
            return any((_folded(each) if named else each) in texts for each in test.values)
        case Like():
            pattern = _folded(test.pattern) if named else test.pattern
            return any(alike(pattern, each) for each in texts)
        case Within():
            return any(test.low <= each <= (test.high or _LAST) + _LAST for each in texts)


def alike(pattern: str, text: str) -> bool:
    """``*`` for any characters, ``?`` for one; in a time that no pattern can draw out."""
    at = here = 0
    star, back = -1, 0
    while at < len(text):
        if here < len(pattern) and pattern[here] == "*":
            star, back = here, at
            here += 1
        elif here < len(pattern) and pattern[here] in ("?", text[at]):
            at, here = at + 1, here + 1
        elif star >= 0:
            back += 1
            at, here = back, star + 1
        else:
            return False
    return not pattern[here:].strip("*")


def _folded(name: str) -> str:
    """PN is not case sensitive; empty components at the end say nothing (PS3.4 C.2.2.2.1, PS3.5 6.2)."""
    return unicodedata.normalize("NFC", name).casefold().strip().rstrip("^ ")


def projected(identifier: Identifier, row: Written) -> dict[int, Sequence[str] | Sequence[Written]]:
    """Of a row what was asked for; of a sequence without an item, or with an empty one, all."""
    told: dict[int, Sequence[str] | Sequence[Written]] = {
        tag: row[tag] for tag in identifier.values if tag in row and tag != CHARACTER_SET
    }
    for tag, items in identifier.items.items():
        if tag not in row:
            continue
        inner = items[0] if items else None
        whole = inner is None or not (inner.values or inner.items)
        rows = [each for each in row[tag] if not isinstance(each, str)]
        told[tag] = rows if whole or inner is None else [projected(inner, each) for each in rows]
    return told


def unknown(identifier: Identifier, row: Written) -> bool:
    """Whether something is asked for that no row has."""
    asked = {each for each in (*identifier.values, *identifier.items) if each & 0xFFFF}
    if asked - set(row):
        return True
    return any(
        unknown(items[0], each)
        for tag, items in identifier.items.items()
        if items
        for each in row[tag]
        if not isinstance(each, str)
    )


def _some(text: str) -> list[str]:
    return [text] if text else []
