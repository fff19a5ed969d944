"""The EHR's page: what a clinician sees of each patient, with AI marked wherever it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from conformance.peers.codes import SPECIALIST_REPORT, TASK, Resource, codes_of, is_ai
from conformance.peers.search import Criterion, identifiers
from conformance.peers.shelf import Shelf, Version

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Report:
    """One opinion in the chart."""

    kind: str
    """``first``, ``ai`` or ``specialist``."""
    title: str
    status: str
    issued: str
    codes: str
    words: str
    link: str


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient's part of the page."""

    name: str
    born: str
    identifier: str
    task: str
    task_link: str
    business: str
    reason: str
    reports: tuple[Report, ...]
    labs: tuple[tuple[str, str], ...]


_TITLES = {"first": "First report", "ai": "AI opinion", "specialist": "Specialist's report"}


def page(shelf: Shelf, base: str) -> str:
    """The whole page as HTML; every value is escaped."""
    patients = [_patient(shelf, each, base) for each in shelf.search("Patient", ())]
    return _PAGES.get_template("chart.html").render(patients=patients[::-1], base=base)


def _patient(shelf: Shelf, version: Version, base: str) -> Patient:
    def of(type_: str) -> list[Version]:
        return shelf.search(type_, (Criterion("subject", "", (version.reference,)),))

    asked = [each for each in of("Task") if "second-read" in codes_of(each.body.get("code"), TASK)]
    task = asked[-1] if asked else None
    body: Resource = task.body if task else {}
    name = version.body.get("name", [{}])[0]
    return Patient(
        name=" ".join([*name.get("given", []), name.get("family", "")]),
        born=version.body.get("birthDate", ""),
        identifier=", ".join(value for _, value in identifiers(version.body)),
        task=body.get("status", "no request"),
        task_link=f"{base}/{task.reference}/_history" if task else "",
        business=", ".join(codes_of(body.get("businessStatus"))),
        reason=body.get("statusReason", {}).get("text", ""),
        reports=tuple(_report(each, base) for each in of("DiagnosticReport")),
        labs=tuple(_lab(each.body) for each in of("Observation") if not is_ai(each.body)),
    )


def _report(version: Version, base: str) -> Report:
    body = version.body
    written_back = any(system == SPECIALIST_REPORT for system, _ in identifiers(body))
    kind = "ai" if is_ai(body) else "specialist" if written_back else "first"
    return Report(
        kind=kind,
        title=_TITLES[kind],
        status=body.get("status", ""),
        issued=body.get("issued", "")[:16].replace("T", " "),
        codes=", ".join(_words(each) for each in body.get("conclusionCode", [])),
        words=body.get("conclusion", ""),
        link=f"{base}/{version.reference}",
    )


def _lab(body: Resource) -> tuple[str, str]:
    quantity = body.get("valueQuantity", {})
    return _words(body.get("code", {})), f"{quantity.get('value', '')} {quantity.get('unit', '')}".strip()


def _words(concept: Any) -> str:
    coding = concept.get("coding", [{}])[0]
    return str(concept.get("text") or coding.get("display") or coding.get("code", ""))
