"""When a study is complete. C-STORE does not say it; so it is decided, and the ground is recorded (D 3.3).

Best first: a person or system that says so; the modality's performed procedure steps, which name what was
made; as many instances as the EHR has announced; as many as an archive counts; else nothing new for a while.
Where some are known to be missing, a deadline. Every wait is a due date that the caller stores.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server.completeness import Heard, Performed, StepState, Whole
from server.images import Ordered, Study
from server.model import ImageRules, Late
from server.routing.counting import ground, settled

NOTHING = Heard()


@dataclass(frozen=True, slots=True)
class Arriving:
    """Not yet; look again then, or when something comes."""

    until: datetime | None
    """None: only when something comes."""
    lacking: int
    """How many instances are known to be missing; 0 where nobody has said how many there are."""
    over: bool = False
    """Time has run out, and what has come is not to be read."""
    why: str = ""
    """What is amiss, where it is more than images that are on their way."""


def arrived(
    study: Study,
    ordered: Ordered,
    rules: ImageRules,
    opened_at: datetime,
    now: datetime,
    *,
    heard: Heard = NOTHING,
) -> Whole | Arriving:
    """Whether all of a study has come."""
    here = {each.sop_instance for each in study.objects}
    came, expected = len(here), ordered.expected
    # A study that begins to come after the deadline is not over with its first object.
    late = _Late(came, rules, max(opened_at + rules.complete_within, *_quiet(study, rules)), now)
    if heard.called is not None:
        call = heard.called
        return Whole("called-complete", came, expected, {"by": call.by, "reason": call.reason, "at": call.at})
    if (broken := _discontinued(heard.steps)) is not None:
        return late.judge(expected, 0, broken)
    named = {uid for each in heard.steps for uid in each.instances if each.state is StepState.COMPLETED}
    missing = max(len(named - here), (expected or 0) - came)
    if missing > 0:
        return late.judge(max(expected or 0, came + missing), missing)
    if named and not _open(heard.steps):
        return Whole("performed-step", came, len(named), {"steps": [each.uid for each in heard.steps]})
    if expected is not None:
        return Whole("expected-count", came, expected)
    if _open(heard.steps):
        text = "the modality has not said that the examination is over"
        return late.judge(None, 0, text, hush=True)
    return _counted(study, came, heard, rules, late)


@dataclass(frozen=True, slots=True)
class _Late:
    """What becomes of a study that is known to lack something."""

    came: int
    rules: ImageRules
    deadline: datetime
    now: datetime

    def judge(
        self, expected: int | None, lacking: int, why: str = "", *, hush: bool = False, **told: Any
    ) -> Whole | Arriving:
        """``hush``: nothing is amiss before the deadline, and nobody needs to be told."""
        if self.now < self.deadline:
            return Arriving(self.deadline, lacking, why="" if hush else why)
        if self.rules.when_late is Late.GO:
            return Whole("deadline", self.came, expected, {**told, **({"lacking": why} if why else {})})
        return Arriving(None, lacking, over=self.rules.when_late is Late.DROP, why=why)


def _counted(study: Study, came: int, heard: Heard, rules: ImageRules, late: _Late) -> Whole | Arriving:
    """By what an archive has answered, where it is asked; one that has less than we have knows nothing."""
    told = ground(heard)
    last = next((each for each in reversed(heard.counts) if each.count is not None), None)
    if last is not None and last.count is not None:
        if last.count > came and not last.why:
            return late.judge(last.count, last.count - came, **told)
        if last.count == came and settled(heard.counts, study.changed_at):
            return Whole("archive-count", came, last.count, told)
    quiet = max(_quiet(study, rules))
    return Whole("quiet-period", came, None, told) if quiet <= late.now else Arriving(quiet, 0)


def _discontinued(steps: tuple[Performed, ...]) -> str | None:
    found = [each.reason for each in steps if each.state is StepState.DISCONTINUED]
    if not found:
        return None
    codes = ", ".join(dict.fromkeys(filter(None, found)))
    return "the examination was discontinued at the modality" + (f": {codes}" if codes else "")


def _open(steps: tuple[Performed, ...]) -> bool:
    return any(each.state is StepState.IN_PROGRESS for each in steps)


def _quiet(study: Study, rules: ImageRules) -> Iterator[datetime]:
    """When the study, and each of its series, will have been quiet for long enough."""
    yield study.changed_at + rules.quiet_study
    for each in study.objects:
        pause = rules.quiet_series.get(each.header.get("Modality", ""))
        if pause is not None:
            yield each.received_at + pause
