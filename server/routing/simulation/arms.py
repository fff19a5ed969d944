"""Ways to read a case, as probabilities at each difficulty: what is called present, and who is asked.

Those without a rule of ours are here to compare with: reading by two humans, and by one behind a gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.model import Answer, Grounds
from server.routing.rules import Said, asking
from server.routing.simulation.grid import NEVER, Curve


@dataclass(frozen=True, slots=True)
class Model:
    """What the model says of the ill or of the well: sure or not, at each difficulty."""

    present: Curve
    surely_present: Curve
    surely_absent: Curve
    declined: float
    """Share of cases, whatever their difficulty."""
    out: Curve = NEVER
    """Of the absent ones: ruled out by a gatekeeper, so that no human reads."""
    surely_out: Curve = NEVER
    """Of those the sure ones."""

    def says(self, point: int) -> Iterator[tuple[Said, float]]:
        """To humans: of what is ruled out nobody hears before the end."""
        answered = 1 - self.declined
        yes, sure_yes, sure_no = self.present[point], self.surely_present[point], self.surely_absent[point]
        out, surely_out = self.out[point], self.surely_out[point]
        yield Said.SURELY_PRESENT, answered * sure_yes
        yield Said.PRESENT, answered * (yes - sure_yes)
        yield Said.ABSENT, answered * (1 - yes - sure_no - (out - surely_out))
        yield Said.SURELY_ABSENT, answered * (sure_no - surely_out)
        yield Said.DECLINED, self.declined

    def unread(self, point: int) -> float:
        """How probably no human reads."""
        return (1 - self.declined) * self.out[point]


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What goes wrong where the readers are not kept apart (6.4)."""

    copied: float = 0.0
    """How probably the first reader follows the model, who was shown it."""
    discounted: float = 0.0
    """How probably the specialist drops what the model alone has found."""


@dataclass(frozen=True, slots=True)
class Read:
    """At one difficulty: how probably each of these happens."""

    present: float
    """In the end."""
    asked: float
    """Another human, audits among them."""
    audited: float
    differed: float
    """Asked, and the model differed from the first reader."""
    first: float = 1.0
    """How many humans read before anybody else is asked."""
    unread: float = 0.0
    """No human."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A rule on the ill or on the well, with who reads them."""

    rule: str
    audit: float
    first: Curve
    model: Model
    specialist: Curve
    spoiled: Spoiled

    def at(self, point: int) -> Read:
        """Each pair of answers, with the end that the rules' own table gives it."""
        present = asked = audited = differed = 0.0
        for answer, said, cell in self._cells(point):
            why = asking(self.rule, answer, said)
            second = self.specialist[point] * (1 - self.spoiled.discounted if why is Grounds.MISSED else 1)
            sampled = self.audit if why is None else 1.0
            stands = 1.0 if answer is Answer.PRESENT else 0.0
            present += cell * (sampled * second + (1 - sampled) * stands)
            asked += cell * sampled
            audited += cell * sampled if why is None else 0.0
            differed += cell * sampled if _differ(answer, said) else 0.0
        unread = self.model.unread(point)
        return Read(present, asked, audited, differed, 1 - unread, unread)

    def _cells(self, point: int) -> Iterator[tuple[Answer, Said, float]]:
        for said, chance in self.model.says(point):
            human = _copying(self.first[point], said, self.spoiled.copied)
            yield Answer.PRESENT, said, chance * human
            yield Answer.ABSENT, said, chance * (1 - human)


def by_two(first: float, second: float, third: float) -> Read:
    """Two humans read every case, a third where they differ (6.1 a)."""
    differ = first * (1 - second) + (1 - first) * second
    return Read(first * second + differ * third, differ, 0.0, 0.0, 2.0)


def behind_a_gate(kept: float, first: float, second: float, third: float) -> Read:
    """Nobody reads what the model rules out; two humans read the rest (6.1 c)."""
    two = by_two(first, second, third)
    return Read(kept * two.present, kept * two.asked, 0.0, 0.0, 2 * kept, 1 - kept)


def by_triage(kept: float, first: float, second: float, third: float) -> Read:
    """One human reads what the model finds improbable; two read the rest (6.1 c')."""
    two = by_two(first, second, third)
    return Read(kept * two.present + (1 - kept) * first, kept * two.asked, 0.0, 0.0, 1 + kept)


_YES = (Said.PRESENT, Said.SURELY_PRESENT)
_NO = (Said.ABSENT, Said.SURELY_ABSENT)


def _copying(alone: float, said: Said, copied: float) -> float:
    if said in _YES:
        return (1 - copied) * alone + copied
    return (1 - copied) * alone if said in _NO else alone


def _differ(answer: Answer, said: Said) -> bool:
    return said in (_NO if answer is Answer.PRESENT else _YES)
