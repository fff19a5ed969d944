"""What is heard about when a study is complete, by whoever knows: a person, a modality, an archive.

C-STORE does not say it (PS3.4 annex B). None of these is a decision; ``server.routing.arriving`` decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody says that a study is complete as it is here."""

    state: str
    """Which order and which objects it was said of; with any other it says nothing."""
    by: str
    reason: str
    at: datetime


class StepState(StrEnum):
    """Performed Procedure Step Status (0040,0252)."""

    IN_PROGRESS = "IN PROGRESS"
    COMPLETED = "COMPLETED"
    DISCONTINUED = "DISCONTINUED"


@dataclass(frozen=True, slots=True)
class Performed:
    """A Modality Performed Procedure Step (PS3.4 annex F), as far as it tells what is to come."""

    uid: str
    state: StepState
    instances: tuple[str, ...] = ()
    """SOP Instance UIDs that its series name, images and others."""
    reason: str = ""
    """Why it was discontinued: the code, and its scheme in brackets."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """What an N-SET says; None and nothing: it does not speak of that."""

    state: StepState | None = None
    instances: tuple[str, ...] | None = None
    reason: str = ""


class Taken(StrEnum):
    """What became of what a modality has said of a step."""

    DONE = "done"
    KNOWN = "known already"
    UNKNOWN = "unknown"
    OVER = "over"
    """Completed or discontinued: nothing more may be said of it."""
    ANOTHERS = "another's"
    """Another peer has begun it."""


class Steps(Protocol):
    """What modalities have said of their examinations."""

    def begin(self, step: Performed, scheduled: Sequence[tuple[str, str]], peer: str, at: datetime) -> Taken:
        """``scheduled``: (Study Instance UID, accession number) of what it was scheduled for.

        Durable when it returns; cases that wait for one of these look again.
        """
        ...

    def change(self, uid: str, said: StepChange, peer: str, at: datetime) -> Taken:
        """As ``begin``. Only who began a step may change it."""
        ...

    def about(self, study: str, accessions: Sequence[str]) -> tuple[Performed, ...]:
        """Those that name the study; where none does, those of these accession numbers. Oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Counted:
    """What an archive answered when it was asked how many instances a study has there (0020,1208)."""

    at: datetime
    count: int | None
    """None: it gave no number."""
    why: str = ""
    """Why not; beside a number, why more of them than are here proves nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that has been heard about one study."""

    called: Called | None = None
    steps: tuple[Performed, ...] = ()
    archive: str = ""
    """Which archive is asked; empty: none."""
    counts: tuple[Counted, ...] = ()
    """Its answers, oldest first."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Complete, and by which rule."""

    rule: str
    """``called-complete``, ``performed-step``, ``expected-count``, ``archive-count``, ``quiet-period`` or
    ``deadline``."""
    objects: int
    expected: int | None
    ground: Mapping[str, Any] = field(default_factory=dict)
    """What else was known when it was decided: who said so, what the archive answered."""

    @property
    def told(self) -> dict[str, Any]:
        """As it stands in the history."""
        return {"rule": self.rule, "objects": self.objects, "expected": self.expected, **self.ground}


@dataclass(frozen=True, slots=True)
class Decided:
    """A study that was found complete once; it stands for just these objects and this order."""

    state: str
    whole: Whole


# -- what archives are asked ---------------------------------------------------------------


class Matter(StrEnum):
    """What an archive is asked about for a case."""

    COUNT = "count"
    """How many instances the ordered study has there."""
    PRIORS = "priors"
    """Earlier studies of the patient, which are fetched."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One matter of one case: what to ask whom, when next, and what came of it until now."""

    matter: Matter
    archive: str
    about: Mapping[str, Any]
    """What is asked, as JSON; with something else it is another question, and earlier answers are void."""
    due_at: datetime | None
    """When it is asked next; None: it is not."""
    answers: tuple[Mapping[str, Any], ...] = ()
    """Oldest first, each with ``at``."""


@dataclass(frozen=True, slots=True)
class InquiryClaim:
    """An inquiry that this worker alone may make until the lease ends."""

    case_id: str
    inquiry: Inquiry
    token: str
