"""A search as values: what is kept of a resource to find it by, and what may be asked (R4 search.html).

The FHIR door reads resources into ``Row`` values and URLs into ``Test`` values; the store keeps the
one and answers the other. Neither knows the other's language. Several ``any_of`` values are joined by
OR, several tests of a ``Query`` by AND. Whoever may see only part of what is here gets that part as
one more ``Test`` on each type, inside chains too: the store knows nothing of callers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

# -- what is kept ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A coded value; also a uri, a boolean, a code without system (``system`` empty).

    Empty ``system`` and ``code``: a value that cannot be found by a code, but is there.
    """

    param: str
    system: str
    code: str
    part: int = 0
    """Values of one composite belong together when they have the same part; 0 elsewhere."""


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """``Type/id`` without version, or an absolute URL as it is written.

    Empty ``target``: what leads to a contained resource, or is known by an identifier only.
    """

    param: str
    target: str
    part: int = 0


@dataclass(frozen=True, slots=True)
class TextRow:
    """A string as it is written; the store folds case and accents."""

    param: str
    text: str
    part: int = 0


@dataclass(frozen=True, slots=True)
class DateRow:
    """The time that a value covers: from ``low`` to before ``high`` (a day is 24 h, a Period its length)."""

    param: str
    low: datetime
    high: datetime
    part: int = 0


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number or quantity; ``low`` and ``high`` are equal but for a Range and for "less than 5".

    A side that is open reaches to 1e308.
    """

    param: str
    low: Decimal
    high: Decimal
    system: str = ""
    code: str = ""
    part: int = 0


Row = TokenRow | ReferenceRow | TextRow | DateRow | NumberRow

# -- what is asked ---------------------------------------------------------------------------


class Kind(StrEnum):
    """Which kind of row holds a parameter; also by what a result is put in order."""

    TOKEN = "token"  # noqa: S105
    REFERENCE = "reference"
    TEXT = "text"
    DATE = "date"
    NUMBER = "number"
    UPDATED = "updated"
    ID = "id"


class Prefix(StrEnum):
    """How a value compares (R4 search.html#prefix)."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


class Match(StrEnum):
    """How a string or uri is compared."""

    STARTS = "starts"
    """Folded, from the beginning: what a string parameter does without modifier."""
    CONTAINS = "contains"
    """Folded, anywhere."""
    EXACT = "exact"
    """As written."""
    BELOW = "below"
    """A uri that begins with this one, at a path boundary."""
    ABOVE = "above"
    """A uri that this one begins with, at a path boundary."""


@dataclass(frozen=True, slots=True)
class Token:
    """``system|code``; a None matches any, an empty system only a code without one."""

    param: str
    any_of: tuple[tuple[str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Uri:
    param: str
    any_of: tuple[str, ...]
    how: Match = Match.EXACT


@dataclass(frozen=True, slots=True)
class Reference:
    param: str
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    param: str
    any_of: tuple[str, ...]
    how: Match = Match.STARTS


@dataclass(frozen=True, slots=True)
class Moment:
    """One value of a date search: the prefix, and the time that the value covers (AP: is about)."""

    prefix: Prefix
    low: datetime
    high: datetime


@dataclass(frozen=True, slots=True)
class Date:
    param: str
    any_of: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """One value of a number or quantity search; ``low`` to ``high`` is what its precision covers.

    For AP, what it is about.
    """

    prefix: Prefix
    value: Decimal
    low: Decimal
    high: Decimal
    system: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Number:
    param: str
    any_of: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """``:missing``: whether the resource has no value at all."""

    param: str
    kind: Kind
    missing: bool


@dataclass(frozen=True, slots=True)
class Composite:
    """Each alternative: tests on components, named ``param.0``, ``param.1``, met by the same part."""

    any_of: tuple[tuple[Test, ...], ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A reference of this resource leads to a ``type`` that meets all of ``where``."""

    param: str
    type: str
    where: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Has:
    """Some ``type`` that meets all of ``where`` refers to this resource in ``param``."""

    type: str
    param: str
    where: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Ids:
    any_of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Updated:
    """``_lastUpdated``."""

    any_of: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """An opinion that is not shown to anybody yet; ``server.ports.SEALABLE`` says what can be one."""


@dataclass(frozen=True, slots=True)
class Not:
    test: Test


@dataclass(frozen=True, slots=True)
class AllOf:
    """Empty: always."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Empty: never."""

    tests: tuple[Test, ...]


_OnValues = Token | Uri | Reference | Text | Date | Number
Test = _OnValues | Missing | Composite | Chain | Has | Ids | Updated | Sealed | Not | AllOf | AnyOf

NEVER = AnyOf(())
ALWAYS = AllOf(())


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of ``_sort``; resources without a value come last."""

    param: str
    by: Kind
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Current resources of one type that meet all of ``where``; without ``sort`` in the order they came."""

    type: str
    where: tuple[Test, ...] = ()
    sort: tuple[Sort, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a result that stands still while its pages are read."""

    entries: tuple[tuple[str, str, int], ...]
    """(type, id, version) as they were when the search was made."""
    total: int | None
    """How many match; None when more than the store counts."""
    next: str | None
    """The token of the stretch after this one; None at the end."""
    cut: bool = False
    """More match than a sorted result keeps: what comes after the last stretch is not served."""
    first: str | None = None
    """The token of the first stretch, as it was; None when there is only one, or it is not known any more."""
    previous: str | None = None
    """The token of the stretch before this one."""
