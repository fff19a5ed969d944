"""The cases of FHIR's own validator that concern our types: what it says, what we say, and why not the same.

``python -m tests.fhir.validator_cases`` writes ``validator_cases.tsv`` anew; what was written under
"why" stays.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from server.errors import Fault
from server.fhir.bindings import SERVED
from server.fhir.parse import BUNDLE_BYTES, parse
from server.fhir.validate import check
from tests.fhir.samples import SHARED

try:
    from server.fhir import xml_read
except ImportError:
    xml_read = None

CASES = SHARED / "fhir-validator-cases"
TABLE = Path(__file__).with_suffix(".tsv")
_ROOT_IN_JSON = re.compile(r'"resourceType"\s*:\s*"(\w+)"')
_ROOT_IN_XML = re.compile(r'<(\w+)[^>]*xmlns="http://hl7\.org/fhir"')
_BAD = frozenset({"error", "fatal"})


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    case: str
    file: str
    type: str
    expected: str
    """The worst severity that FHIR's validator reports, as INDEX.json has it."""
    ours: str
    """``none``, ``error``, or ``not taken``: nothing wrong but types that this door does not take."""
    found: str
    """Our first finding: code and place."""
    verdict: str
    why: str = ""
    """Of a verdict other than ``agree``."""


def kept() -> dict[tuple[str, ...], Row]:
    """The table as it is committed; INDEX.json names a case more than once."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [Row(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return {key(row): row for row in rows}


def key(row: Row) -> tuple[str, ...]:
    return row.case, row.file, row.expected


def made() -> Iterator[Row]:
    """The table as it comes out now, without the reasons."""
    for case in json.loads((CASES / "INDEX.json").read_bytes()):
        path = CASES / case["file"]
        type_ = _type(path)
        if type_ in SERVED and (path.suffix == ".json" or xml_read is not None):
            expected = case["worst_severity_java_validator"]
            ours, found = _ours(path)
            verdict = _verdict(expected, ours)
            yield Row(case["name"], case["file"], type_, expected, ours, found, verdict)


def _type(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".xml":
        match = _ROOT_IN_XML.search(text)
        return match[1] if match else ""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError:
        match = _ROOT_IN_JSON.search(text)
        return match[1] if match else ""
    return str(whole.get("resourceType", ""))


def _ours(path: Path) -> tuple[str, str]:
    read = parse if path.suffix == ".json" else xml_read.read
    try:
        check(read(path.read_bytes(), limit=BUNDLE_BYTES))
    except Fault as fault:
        wrong = [issue for issue in fault.issues if issue.code != "not-supported"]
        first = (wrong or fault.issues)[0]
        return "error" if wrong else "not taken", f"{first.code} {first.path}".strip()
    return "none", ""


def _verdict(expected: str, ours: str) -> str:
    if expected == "unknown":
        return "no verdict is recorded"
    if (expected in _BAD) == (ours == "error"):
        return "agree"
    return "we say less" if expected in _BAD else "we say more"


def write() -> None:
    reasons = {one: row.why for one, row in kept().items()} if TABLE.exists() else {}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, quotechar=None)
        writer.writerow(field.name for field in fields(Row))
        for row in dict.fromkeys(made()):
            writer.writerow((*astuple(row)[:-1], reasons.get(key(row), "")))


if __name__ == "__main__":
    write()
