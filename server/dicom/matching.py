"""Attribute matching (PS3.4 C.2.2.2): from a key and its value to what is asked of the record.

The same for C-FIND and QIDO-RS, but for what stands between the values of a list.
"""

from __future__ import annotations

import re

from pydicom.datadict import dictionary_VR

from server.dicom.header import is_uid
from server.errors import Category, Fault, fault
from server.image_search import KEYS, Level, Like, Meets, OneOf, Within

LONGEST = 1_024
"""Characters of one value."""
_MOST_VALUES = 500
_UPPER = {
    Level.PATIENT: (Level.PATIENT,),
    Level.STUDY: (Level.STUDY,),
    Level.SERIES: (Level.STUDY, Level.SERIES),
    Level.INSTANCE: (Level.STUDY, Level.SERIES, Level.INSTANCE),
}
_DATE, _TIME = re.compile(r"[0-9]{8}"), re.compile(r"[0-9]{2}([0-9]{2}([0-9]{2}(\.[0-9]{1,6})?)?)?")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}")
_LISTS = frozenset({"ModalitiesInStudy", "Modality"})


def matched(level: Level) -> frozenset[str]:
    """Keywords that are matched at a level: its own, and those above it."""
    return frozenset(each for upper in _UPPER[level] for each in KEYS[upper])


def meets_of(keyword: str, value: str, between: str) -> Meets | None:
    """None: anything matches (universal matching, PS3.4 C.2.2.2.3).

    ``between``: the characters that separate values of a list.

    Raises:
        Fault: INCORRECT, naming the attribute.
    """
    vr = dictionary_VR(keyword)
    if not value.strip("*"):
        return None
    if vr == "UI":
        return _uids(keyword, value, between)
    if vr in ("DA", "TM"):
        return _span(keyword, value, _DATE if vr == "DA" else _TIME)
    if vr == "IS":
        if not _NUMBER.fullmatch(value.strip()):
            raise _no(f"{keyword} is a whole number")
        return OneOf(keyword, (value.strip(),))
    if len(value) > LONGEST:
        raise _no(f"{keyword} is longer than {LONGEST} characters")
    if keyword in _LISTS:
        listed = tuple(each.strip() for each in _split(value, between) if each.strip())
        if len(listed) > 1 and not any("*" in each or "?" in each for each in listed):
            return OneOf(keyword, listed[:_MOST_VALUES])
    if "*" in value or "?" in value:
        return Like(keyword, value.strip())
    return OneOf(keyword, (value.strip(),))


def _split(value: str, between: str) -> list[str]:
    return re.split(f"[{re.escape(between)}]", value)


def _uids(keyword: str, value: str, between: str) -> OneOf:
    listed = tuple(dict.fromkeys(_split(value, between)))
    if len(listed) > _MOST_VALUES or not all(is_uid(each) for each in listed):
        marks = "commas" if "," in between else "backslashes"
        raise _no(f"{keyword} is one UID, or at most {_MOST_VALUES} with {marks} between")
    return OneOf(keyword, listed)


def _span(keyword: str, value: str, form: re.Pattern[str]) -> Within:
    """One, or a range with either end open (PS3.4 C.2.2.2.5)."""
    low, dash, high = value.strip().partition("-")
    ends = [each for each in (low, high) if each]
    if not ends or not all(form.fullmatch(each) for each in ends):
        kind = "YYYYMMDD" if form is _DATE else "HHMMSS"
        raise _no(f"{keyword} is {kind}, or a range {kind}-{kind} of which one end may be left out")
    return Within(keyword, low, high if dash else low)


def _no(text: str) -> Fault:
    return fault(Category.INCORRECT, "value", text)
