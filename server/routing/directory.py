"""The directory of specialists as a CSV table, checked cell by cell.

The first line names the columns, in any order. ``specialty_code`` and ``not_available`` hold
several values separated by ``;``. A period is ``start/end``, moments with their time zone; no
start means since always, no end means until further notice. ``OPTIONAL`` columns may be left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from marshmallow import ValidationError

from server.errors import Category, Fault, Issue, fault
from server.model import Absence, Coding, Qualification, Renown
from server.routing import cells
from server.routing.schema import Parsed, Strict, complaints, text

_ID = "[A-Za-z0-9.-]{1,64}"
_ID_SENTENCE = "allowed is a FHIR id (1 to 64 letters, digits, hyphens, dots)"
_NAME = r"[^\W_][^\x00-\x1f\x7f]{0,99}"
_NAME_SENTENCE = "allowed is a name of 1 to 100 characters that begins with a letter or digit"
_TONGUES = "allowed are BCP 47 codes, several separated by ';', such as 'de;fr-CH', or nothing"
_OR_NOTHING = ", or nothing when it is not known"


Line = tuple[int, Mapping[str, str]]
"""Where it stands in the file, and column -> cell."""


@dataclass(frozen=True, slots=True)
class DirectoryRow:
    """One practitioner in one role at one organisation; ids are FHIR logical ids, without type."""

    role_id: str
    practitioner_id: str
    family: str
    given: str
    organisation_id: str
    """Empty: not known. Such a specialist cannot be shown to be independent."""
    organisation: str
    specialties: tuple[Coding, ...]
    """Without display names; the table has none."""
    active: bool
    turnaround: timedelta | None
    absences: tuple[Absence, ...]
    qualifications: tuple[Qualification, ...] = ()
    languages: frozenset[str] = frozenset()
    service_languages: frozenset[str] = frozenset()
    superiors: tuple[str, ...] | None = None
    """Practitioner ids; none: they report to nobody; None: not known."""
    renown: Mapping[str, Renown] = field(default_factory=dict)


class RowSchema(Strict):
    """One line of the table."""

    role_id = text(_ID, _ID_SENTENCE)
    practitioner_id = text(_ID, _ID_SENTENCE)
    family = text(_NAME, _NAME_SENTENCE)
    given = text(_NAME, _NAME_SENTENCE)
    organisation_id = text(f"({_ID})?", _ID_SENTENCE + _OR_NOTHING)
    organisation = text(f"({_NAME})?", _NAME_SENTENCE + _OR_NOTHING)
    specialty_code = Parsed(cells.specialties, "allowed are SNOMED CT concept ids, several separated by ';'")
    active = Parsed(cells.truth, "allowed is true or false")
    turnaround_hours = Parsed(cells.turnaround, "allowed are hours, above 0 and up to 8760, or nothing")
    not_available = Parsed(
        cells.absences,
        "allowed are periods start/end with time zone, several separated by ';', "
        "such as '2026-01-01T00:00Z/2026-01-15T00:00Z', or nothing",
    )
    qualifications = Parsed(
        cells.qualifications,
        "allowed are system|code|places|start/end, several separated by ';', places by ISO 3166 and "
        "separated by spaces, such as 'urn:board|neuro|CH-ZH CH-GE|/2027-01-01T00:00Z'; "
        "places and period may be empty",
        required=False,
    )
    languages = Parsed(cells.languages, _TONGUES, required=False)
    service_languages = Parsed(cells.languages, _TONGUES, required=False)
    reports_to = Parsed(
        cells.superiors,
        "allowed are practitioner ids, several separated by ';', or 'nobody', or nothing: not known",
        required=False,
    )
    track_record = Parsed(
        cells.renown,
        "allowed are question|cases a year|right/adjudicated, several separated by ';', "
        "such as 'child-pneumonia|120|45/50', or nothing",
        required=False,
    )


_ROW = RowSchema()
COLUMNS = tuple(name for name, each in _ROW.fields.items() if each.required)
OPTIONAL = tuple(name for name, each in _ROW.fields.items() if not each.required)
"""Columns that a file may leave out; it says nothing of these then."""

_QUOTES = "not CSV; a cell with a comma or a quote stands in quotes, and quotes inside it are doubled"

# What one id stands for must be the same on every line; the role is the line itself.
_NAMED_BY = {"practitioner_id": ("family", "given"), "organisation_id": ("organisation",)}
_SAID_OF_PERSON = ("qualifications", "languages")
_HEAD = f"the columns must be {', '.join(COLUMNS)}; there may be {', '.join(OPTIONAL)}"


def read_directory(content: str) -> tuple[DirectoryRow, ...]:
    """The rows of a directory in the order of its lines.

    Raises:
        Fault: INCORRECT, one issue for each wrong cell: line, column, what is allowed there.
    """
    issues: list[Issue] = []
    read: list[Line] = []
    rows: list[DirectoryRow] = []
    for number, line in _lines(content):
        try:
            rows.append(_row(line))
            read.append((number, line))
        except ValidationError as error:
            issues += [_issue(number, column, words) for column, words in complaints(error.messages)]
    issues += _repeated_roles(read)
    for column, names in _NAMED_BY.items():
        issues += _clashes(read, column, names)
    for name in _SAID_OF_PERSON:
        issues += _clashes(read, "practitioner_id", (name,), "what line {} says of this {}")
    if issues:
        raise Fault(Category.INCORRECT, *issues)
    return tuple(rows)


def _lines(content: str) -> Iterator[Line]:
    """(line number, column -> cell) of each line that is not empty; 1 is the line of names."""
    table = csv.reader(io.StringIO(content.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        columns = [name.strip() for name in next(table, [])]
        if len(set(columns)) < len(columns) or not set(COLUMNS) <= set(columns) <= {*COLUMNS, *OPTIONAL}:
            raise fault(Category.INCORRECT, "value", f"line 1: {_HEAD}")
        for line in table:
            if len(line) not in (0, len(columns)):
                width = f"allowed are {len(columns)} cells, as many as there are columns"
                raise fault(Category.INCORRECT, "value", f"line {table.line_num}: {width}")
            if line:
                yield table.line_num, dict(zip(columns, (cell.strip() for cell in line), strict=True))
    except csv.Error as error:
        raise fault(Category.INCORRECT, "structure", f"line {table.line_num}: {_QUOTES}") from error


def _repeated_roles(lines: Sequence[Line]) -> Iterator[Issue]:
    seen: set[str] = set()
    for number, line in lines:
        if line["role_id"] in seen:
            yield _issue(number, "role_id", "allowed is an id that no other line has")
        seen.add(line["role_id"])


def _clashes(
    lines: Sequence[Line],
    column: str,
    names: Sequence[str],
    words: str = "the name that line {} gives to this {}",
) -> Iterator[Issue]:
    first: dict[str, tuple[int, list[str]]] = {}
    for number, line in lines:
        said = [line.get(name, "") for name in names]
        where, before = first.setdefault(line[column], (number, said))
        if line[column] and said != before:
            yield _issue(number, names[0], f"allowed is {words.format(where, column)}")


def _issue(number: int, column: str, sentence: str) -> Issue:
    return Issue("value", f"line {number}, column {column}: {sentence}", column)


def _row(line: Mapping[str, str]) -> DirectoryRow:
    loaded = _ROW.load(line)
    loaded["specialties"] = loaded.pop("specialty_code")
    loaded["turnaround"] = loaded.pop("turnaround_hours")
    loaded["absences"] = loaded.pop("not_available")
    for column, name in (("reports_to", "superiors"), ("track_record", "renown")):
        if column in loaded:
            loaded[name] = loaded.pop(column)
    return DirectoryRow(**loaded)
