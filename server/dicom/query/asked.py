"""What an identifier of the Query/Retrieve models asks for (PS3.4 C.3, C.4.1.1.3, C.6), hierarchically."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.datadict import keyword_for_tag

from server.dicom.found import told_at
from server.dicom.header import is_uid
from server.dicom.matching import matched, meets_of
from server.dicom.query.identifier import Identifier
from server.errors import Category, Fault, fault
from server.image_search import Level, Meets, OneOf

LEVEL = 0x00080052
_BETWEEN = "\\"
_NAMES = {
    "PATIENT": Level.PATIENT,
    "STUDY": Level.STUDY,
    "SERIES": Level.SERIES,
    "IMAGE": Level.INSTANCE,
}
NAME_OF = {level: name for name, level in _NAMES.items()}
_UNIQUE = {
    Level.PATIENT: "PatientID",
    Level.STUDY: "StudyInstanceUID",
    Level.SERIES: "SeriesInstanceUID",
    Level.INSTANCE: "SOPInstanceUID",
}
_OURS = frozenset({"RetrieveAETitle"})
_NOT_KEYS = frozenset({"QueryRetrieveLevel", "SpecificCharacterSet", "TimezoneOffsetFromUTC"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was understood."""

    level: Level
    meeting: tuple[Meets, ...]
    keys: tuple[int, ...]
    """Tags that are to be told."""
    unsupported: bool
    """Some key is not known at this level, or has a value by which nothing is matched there."""


def asked(identifier: Identifier, top: Level) -> Asked:
    """``top``: where the model begins.

    Raises:
        Fault: UNPROCESSABLE (A900) when level or unique keys are not as they must; INCORRECT for a value.
    """
    level = level_of(identifier, top)
    values = {_keyword(tag): value for tag, value in identifier.values.items()}
    for upper in _above(level, top):
        _demand_one(values, upper, level)
    taken = matched(level) | ({"PatientID"} if top is Level.PATIENT else frozenset())
    tests = [meets_of(each, value, _BETWEEN) for each, value in values.items() if each in taken]
    keys = tuple(each for each in (*identifier.values, *identifier.items) if each & 0xFFFF)
    told = tuple(each for each in keys if _keyword(each) in told_at(level) | _OURS)
    ignored = {each for each in keys if _keyword(each) not in _NOT_KEYS} - set(told)
    unmatched = {each for each in told if identifier.values.get(each) and _keyword(each) not in taken}
    return Asked(
        level,
        tuple(each for each in tests if each is not None),
        told,
        unsupported=bool(ignored or unmatched),
    )


def retrieved(identifier: Identifier, top: Level) -> tuple[Level, tuple[Meets, ...]]:
    """What is to be sent: of its own level one or more, of those above it one each (PS3.4 C.4.2.1.4).

    Raises:
        Fault: as ``asked``.
    """
    level = level_of(identifier, top)
    values = {_keyword(tag): value for tag, value in identifier.values.items()}
    above = _above(level, top)
    tests: list[Meets] = [OneOf(_UNIQUE[each], (_demand_one(values, each, level),)) for each in above]
    unique = _UNIQUE[level]
    wanted = values.get(unique, "")
    if level is Level.PATIENT:
        tests.append(OneOf(unique, (_demand_one(values, level, level),)))
    else:
        test = meets_of(unique, wanted, _BETWEEN)
        if test is None:
            raise _mismatch(f"{unique} must be given, one or more")
        tests.append(test)
    return level, tuple(tests)


def level_of(identifier: Identifier, top: Level) -> Level:
    name = identifier.values.get(LEVEL, "")
    level = _NAMES.get(name)
    if level is None or (level is Level.PATIENT and top is not Level.PATIENT):
        allowed = ", ".join(each for each, of in _NAMES.items() if of in (top, *_BELOW[top]))
        raise _mismatch(f"QueryRetrieveLevel must be {allowed}")
    return level


_BELOW = {
    Level.PATIENT: (Level.STUDY, Level.SERIES, Level.INSTANCE),
    Level.STUDY: (Level.SERIES, Level.INSTANCE),
}


def _above(level: Level, top: Level) -> tuple[Level, ...]:
    levels = (top, *_BELOW[top])
    return levels[: levels.index(level)]


def _demand_one(values: dict[str, str], upper: Level, level: Level) -> str:
    unique = _UNIQUE[upper]
    value = values.get(unique, "")
    if not value or (upper is not Level.PATIENT and not is_uid(value)) or set(value) & set("*?\\"):
        raise _mismatch(f"at level {NAME_OF[level]} one {unique} must be given")
    return value


def _keyword(tag: int) -> str:
    return keyword_for_tag(tag)


def _mismatch(text: str) -> Fault:
    return fault(Category.UNPROCESSABLE, "invariant", text)
