"""The cases as values: those told by laboratory values (cases.toml), and those told by films (films.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from conformance.peers.codes import Resource, concept
from conformance.peers.request import Clinician, Lab, Opinion, Patient, ReadRequest, Study
from conformance.peers.specialist import Analyte

CASES = Path(__file__).parent / "cases.toml"
FILMS = Path(__file__).parent / "films.toml"
_YEAR = timedelta(days=365.25)


@dataclass(frozen=True, slots=True)
class Shot:
    """One image that the modality makes."""

    view: str
    """View Position: AP or PA, or LL for a lateral."""
    file: str
    """Below films/; empty: a made-up picture."""


@dataclass(frozen=True, slots=True)
class Imaging:
    """What the modality and the archive do in one case."""

    shots: tuple[Shot, ...]
    later: tuple[Shot, ...]
    """Held back until the second reader says that they are missing."""
    another_patient: bool
    """The modality writes the id of somebody else into the header."""
    performed: bool
    """The modality says when the examination begins, and what was made in it (MPPS)."""
    kept: tuple[str, ...]
    """What the archive holds in the end."""


@dataclass(frozen=True, slots=True)
class Story:
    """One case: what is sent, what goes wrong on the way, and how it should end."""

    key: str
    title: str
    told: str
    family: str
    given: str
    gender: str
    age_years: float
    says: str
    """Name of the first reader's finding."""
    labs: tuple[Lab, ...]
    later: tuple[Lab, ...]
    """Held back until the second reader asks for them."""
    together: bool
    """Sent as one transaction instead of one by one."""
    first_offer_declined: str
    """Why the first specialist who is asked declines; empty: nobody does."""
    ehr_down_seconds: float
    ai: str
    """``present``, ``absent`` or ``declined``."""
    ends: tuple[str, ...]
    """businessStatus codes that are as told."""
    priorities: tuple[str, ...]
    """ServiceRequest.priority that is as told; empty: not looked at."""
    specialist_says: str = ""
    """Name of the specialist's finding; empty: as the rule has it."""
    imaging: Imaging | None = None
    by_messages: bool = False
    """Ordered and reported by HL7 v2, and told in return."""
    signs_later: bool = False
    """The first report is signed once the model's read is sealed."""
    refuses_ai: bool = False
    """The patient does not want a model to take part."""
    first_offer_unseen: bool = False
    """The first specialist who is asked does not look; the offer runs out."""

    @property
    def kept(self) -> tuple[str, ...]:
        return self.imaging.kept if self.imaging else ()

    @property
    def held(self) -> bool:
        """The story ends where a person at the second reader must look."""
        return "awaiting-coordinator" in self.ends

    @property
    def left_open(self) -> bool:
        """The story ends where a specialist is asked: no one of the demonstration answers."""
        return "awaiting-specialist" in self.ends


@dataclass(frozen=True, slots=True)
class Script:
    """A whole file."""

    question: str
    report_code: Resource
    first_reader: Clinician
    findings: Mapping[str, Opinion]
    analytes: tuple[Analyte, ...]
    stories: tuple[Story, ...]

    def request(self, story: Story, run: str, now: datetime) -> ReadRequest:
        """The story as a request made now; ``run`` makes its identifiers unlike any other run's."""
        born = (now - story.age_years * _YEAR).date()
        return ReadRequest(
            token=f"{run}-{story.key}",
            question=self.question,
            patient=Patient(story.family, story.given, born, story.gender),
            labs=story.labs,
            report_code=self.report_code,
            opinion=self.findings[story.says],
            signed_by=self.first_reader,
            collected_at=now - timedelta(hours=1),
            signed_at=now - timedelta(minutes=10),
            asked_at=now,
            due_at=now + timedelta(days=1),
            study=_study(story.imaging, f"{run}-{story.key}"),
            signed=not story.signs_later,
            refuses_ai=story.refuses_ai,
        )


def load(path: Path = CASES, of: str = "case") -> Script:
    """Read a file of cases; ``of``: those of another list, which have the file's findings and values.

    Raises:
        KeyError, TypeError: the file is not of the shape described by its own comments.
    """
    content = tomllib.loads(path.read_text(), parse_float=Decimal)
    analytes = content.get("analyte", {})
    code = content["report_code"]
    return Script(
        question=content["question"],
        report_code=concept(code["system"], code["code"], code["display"]),
        first_reader=Clinician(**content["first_reader"]),
        findings={name: Opinion(**each) for name, each in content["finding"].items()},
        analytes=tuple(Analyte(n, tuple(each["codes"]), each["unit"]) for n, each in analytes.items()),
        stories=tuple(_story(each, analytes) for each in content[of]),
    )


def _study(imaging: Imaging | None, token: str) -> Study | None:
    if imaging is None:
        return None
    uid = f"2.25.{uuid5(NAMESPACE_URL, token).int}"  # PS3.5 B.2
    return Study(uid, len(imaging.shots) + len(imaging.later))


def _imaging(row: Mapping[str, Any]) -> Imaging:
    shots, later = (
        tuple(Shot(each["view"], each.get("file", "")) for each in row.get(name, []))
        for name in ("shots", "later")
    )
    kept = tuple(row.get("kept", []))
    return Imaging(shots, later, row.get("another_patient", False), row.get("performed", False), kept)


def _story(row: Mapping[str, Any], analytes: Mapping[str, Any]) -> Story:
    later = row.get("later", [])
    labs = {name: _lab(name, value, analytes[name]) for name, value in row.get("labs", {}).items()}
    who = row["patient"]
    return Story(
        key=row["key"],
        title=row["title"],
        told=row["told"],
        family=who["family"],
        given=who["given"],
        gender=who["gender"],
        age_years=float(who["age_years"]),
        says=row["says"],
        labs=tuple(lab for name, lab in labs.items() if name not in later),
        later=tuple(labs[name] for name in later),
        together=row.get("together", False),
        first_offer_declined=row.get("first_offer_declined", ""),
        ehr_down_seconds=float(row.get("ehr_down_seconds", 0)),
        ai=row["ai"],
        ends=tuple(row["ends"]),
        priorities=tuple(row.get("priorities", [])),
        specialist_says=row.get("specialist_says", ""),
        imaging=_imaging(row["imaging"]) if "imaging" in row else None,
        by_messages=row.get("by_messages", False),
        signs_later=row.get("signs_later", False),
        refuses_ai=row.get("refuses_ai", False),
        first_offer_unseen=row.get("first_offer_unseen", False),
    )


def _lab(name: str, value: Any, analyte: Mapping[str, Any]) -> Lab:
    return Lab(name, analyte["codes"][0], analyte["display"], Decimal(value), analyte["unit"])
