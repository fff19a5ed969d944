"""The directory written as the CSV table that ``server.routing.directory`` reads."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from server.model import Absence, Qualification
from server.routing.cells import NOBODY
from server.routing.directory import COLUMNS, OPTIONAL, DirectoryRow
from server.times import instant


def write_directory(rows: Iterable[DirectoryRow]) -> str:
    """All columns; what is read back is what was written."""
    written = io.StringIO(newline="")
    table = csv.DictWriter(written, (*COLUMNS, *OPTIONAL), lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow(_cells(row))
    return written.getvalue()


def _cells(row: DirectoryRow) -> dict[str, str]:
    hours = "" if row.turnaround is None else f"{row.turnaround.total_seconds() / 3600:.6g}"
    known = [f"{name}|{each.per_year}|{each.right}/{each.adjudicated}" for name, each in row.renown.items()]
    above = "" if row.superiors is None else ";".join(row.superiors) or NOBODY
    return {
        "role_id": row.role_id,
        "practitioner_id": row.practitioner_id,
        "family": row.family,
        "given": row.given,
        "organisation_id": row.organisation_id,
        "organisation": row.organisation,
        "specialty_code": ";".join(each.code for each in row.specialties),
        "active": "true" if row.active else "false",
        "turnaround_hours": hours,
        "not_available": ";".join(_period(each) for each in row.absences),
        "qualifications": ";".join(_qualification(each) for each in row.qualifications),
        "languages": ";".join(sorted(row.languages)),
        "service_languages": ";".join(sorted(row.service_languages)),
        "reports_to": above,
        "track_record": ";".join(known),
    }


def _period(each: Absence) -> str:
    return "/".join("" if edge is None else instant(edge) for edge in (each.start, each.end))


def _qualification(each: Qualification) -> str:
    valid = _period(each.valid)
    [code] = each.codes
    return f"{code.system}|{code.code}|{' '.join(sorted(each.places))}|{'' if valid == '/' else valid}"
