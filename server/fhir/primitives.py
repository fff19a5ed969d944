"""The primitive types of R4 (datatypes.html): which JSON value each is, and how it is written."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from server.errors import Category
from server.fhir import narrative
from server.fhir.times import at


@dataclass(frozen=True, slots=True)
class Form:
    """How one primitive is written, and what to say when it is not."""

    kinds: tuple[type, ...]
    json: str
    """The JSON type in words."""
    holds: Callable[[Any], bool]
    says: str
    code: str = "value"
    category: Category = Category.UNPROCESSABLE


_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_CODE = re.compile(r"\S+(?: \S+)*")
_URI = re.compile(r"(?!(?:javascript|vbscript|file|data):)\S+", re.IGNORECASE)
_OID = re.compile(r"urn:oid:[0-2](?:\.(?:0|[1-9][0-9]*))+")
_UUID = re.compile(r"urn:uuid:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
# With a leap second in any minute, as R4's own patterns have it (datatypes.html#dateTime).
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?")
_ZONE = re.compile(r"Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
_MOMENT = re.compile(rf"([0-9-]{{10}})T(?:{_TIME.pattern})(?:{_ZONE.pattern})")
# R4 datatypes.html#string takes [ \r\n\t\S]+, in which no-break and other spaces of Unicode are not.
_SHOWN = re.compile(r"[ \r\n\t\S]")
GAPS = str.maketrans("", "", " \t\r\n")
"""For ``str.translate``: the white space that base64 may hold."""

_DATE_SAYS = "A date of the calendar is expected: YYYY, YYYY-MM or YYYY-MM-DD."
_DATETIME_SAYS = "A date of the calendar is expected, or one with a time to the second and a time zone."
_INSTANT_SAYS = "A date of the calendar with a time to the second and a time zone is expected."
_URI_SAYS = "A URI without spaces is expected; javascript:, vbscript:, file: and data: are not accepted."


def is_date(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if match is None:
        return False
    year, month, day = match.groups("1")
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def is_instant(text: str) -> bool:
    match = _MOMENT.fullmatch(text)
    return match is not None and is_date(match[1])


def is_datetime(text: str) -> bool:
    return is_date(text) or is_instant(text)


def in_order(earlier: str, later: str) -> bool:
    """``earlier <= later`` for two dateTimes; True where their precision leaves it open (FHIRPath)."""
    if not (is_datetime(earlier) and is_datetime(later)):
        return True
    if "T" in earlier and "T" in later:
        return at(earlier) <= at(later)
    shared = min(len(earlier.partition("T")[0]), len(later.partition("T")[0]))
    return earlier[:shared] <= later[:shared]


def is_safe_uri(text: str) -> bool:
    """No spaces, and none of the schemes that run code or open files."""
    return _URI.fullmatch(text) is not None


def _is_base64(text: str) -> bool:
    dense = text.translate(GAPS)
    try:
        binascii.a2b_base64(dense, strict_mode=True)
    except ValueError:
        return False
    return len(dense) % 4 == 0


def _within(low: int) -> Callable[[int], bool]:
    return lambda value: low <= value <= 2**31 - 1


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


def _text(holds: Callable[[str], bool], says: str) -> Form:
    return Form((str,), "a string", holds, says)


_STRING = _text(
    lambda text: _SHOWN.search(text) is not None, "A string must not be empty, nor of special spaces alone."
)
_URI_FORM = _text(is_safe_uri, _URI_SAYS)

FORMS: Mapping[str, Form] = {
    "base64Binary": _text(_is_base64, "Base64 (RFC 4648) is expected."),
    "boolean": Form((bool,), "true or false", lambda _: True, ""),
    "canonical": _URI_FORM,
    "code": _text(_matches(_CODE), "A code has no spaces around it and single spaces within."),
    "date": _text(is_date, _DATE_SAYS),
    "dateTime": _text(is_datetime, _DATETIME_SAYS),
    "decimal": Form((int, Decimal), "a number", lambda _: True, ""),
    "id": Form(
        (str,),
        "a string",
        _matches(_ID),
        "An id has 1 to 64 characters: letters, digits, '-' and '.'.",
        category=Category.INCORRECT,
    ),
    "instant": _text(is_instant, _INSTANT_SAYS),
    "integer": Form((int,), "a whole number", _within(-(2**31)), "A 32-bit number is expected."),
    "markdown": _STRING,
    "oid": _text(_matches(_OID), "An OID as urn:oid:1.2.3 is expected."),
    "positiveInt": Form((int,), "a whole number", _within(1), "A number from 1 to 2147483647 is expected."),
    "string": _STRING,
    "time": _text(_matches(_TIME), "A time as hh:mm:ss is expected."),
    "unsignedInt": Form((int,), "a whole number", _within(0), "A number from 0 to 2147483647 is expected."),
    "uri": _URI_FORM,
    "url": _URI_FORM,
    "uuid": _text(_matches(_UUID), "A UUID as urn:uuid: and 36 characters is expected."),
    "xhtml": Form(
        (str,),
        "a string",
        narrative.is_safe,
        "A narrative is one XHTML div of the formatting elements that R4 allows, not blank: "
        "no scripts, event handlers, frames or addresses that run code (txt-1, txt-2).",
        code="invariant",
    ),
}
URIS = frozenset({"uri", "url", "canonical"})
