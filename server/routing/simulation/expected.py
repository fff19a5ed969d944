"""What a way of reading comes to over all cases: sensitivity, specificity, who is asked how often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.errors import Category, fault
from server.routing.simulation.arms import (
    Model,
    Read,
    Ruled,
    Spoiled,
    behind_a_gate,
    by_triage,
    by_two,
)
from server.routing.simulation.grid import DIFFICULTIES, NEVER, Curve, mean
from server.routing.simulation.reader import Reader


@dataclass(frozen=True, slots=True)
class Gatekept:
    """What a gatekeeper leaves to whom."""

    below: float
    """Share of all cases below its threshold."""
    reread: float
    """Of those, drawn to be read by humans all the same."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads, and whom: first reader, model, specialist, and how many of the cases are ill."""

    first: Reader
    model: Reader
    specialist: Reader
    prevalence: float
    declined: float = 0.0
    """Share of cases in which the model gives no answer."""
    surely_present: float = 0.0
    """Share of all cases in which it is sure that the finding is present; P4 alone asks."""
    surely_absent: float = 0.0
    spoiled: Spoiled = Spoiled()

    def __post_init__(self) -> None:
        if not 0 < self.prevalence < 1:
            raise fault(
                Category.INCORRECT, "value", "a prevalence must lie between 0 and 1, neither included"
            )
        shares = (self.declined, self.surely_present, self.surely_absent)
        if not all(0 <= each < 1 for each in (*shares, self.spoiled.copied, self.spoiled.discounted)):
            raise fault(Category.INCORRECT, "value", "shares must be numbers from 0 to below 1")

    def model_of(self, ill: bool, gate: Gatekept | None = None) -> Model:
        """The model on the ill or on the well. Nobody is sure of an answer that they do not give."""
        yes = self.model.positive(ill)
        sure = self._above(self.surely_present, ill) if self.surely_present else NEVER
        kept = self._above(1 - self.surely_absent, ill) if self.surely_absent else ()
        surely_absent = tuple(1 - each for each in kept) or NEVER
        sure_no = tuple(min(no, 1 - y) for no, y in zip(surely_absent, yes, strict=True))
        out = NEVER if gate is None else self._ruled_out(gate, ill)
        most = 1.0 if gate is None else 1 - gate.reread
        return Model(
            present=yes,
            surely_present=tuple(map(min, sure, yes)),
            surely_absent=sure_no,
            declined=self.declined,
            out=out,
            surely_out=tuple(min(each, most * no) for each, no in zip(out, sure_no, strict=True)),
        )

    def _ruled_out(self, gate: Gatekept, ill: bool) -> Curve:
        """Below a threshold that is lower than the one by which the model says absent."""
        kept = 1 - gate.below / (1 - self.declined)  # of what it answers
        if not 0 < kept < 1 or self.model.shift_for(kept, self.prevalence) < 0:
            text = (
                "the share ruled out must be above 0, and below that of cases in which the model says absent"
            )
            raise fault(Category.INCORRECT, "value", text)
        return tuple((1 - gate.reread) * (1 - each) for each in self._above(kept, ill))

    def kept(self, ruled_out: float, ill: bool) -> Curve:
        """How probably a case is not among the share with the lowest scores."""
        return self._above(1 - ruled_out, ill)

    def _above(self, share: float, ill: bool) -> Curve:
        return self.model.beyond(self.model.shift_for(share, self.prevalence), ill)


@dataclass(frozen=True, slots=True)
class Expected:
    """Of all cases."""

    sensitivity: float
    specificity: float
    asked: float
    """Share that goes to a specialist, audits among them."""
    audited: float
    differed: float
    """Share that goes to a specialist, and in which the model differed from the first reader."""
    first: float
    """Human reads for each case before anybody else is asked."""
    unread: float = 0.0
    """Share that no human reads."""

    @property
    def told(self) -> float:
        """How probably the model differed, given that a specialist is asked: what a referral gives away."""
        return self.differed / self.asked if self.asked else 0.0

    def work(self, weight: float) -> float:
        """Human reads for each case; one of the specialist's weighs as much as ``weight`` first ones."""
        return self.first + weight * self.asked

    def saved(self, before: Expected, weight: float) -> float:
        """The share of human work that this way of reading saves against another."""
        return 1 - self.work(weight) / before.work(weight)


def of_rule(readers: Readers, rule: str, audit: float = 0.0, gate: Gatekept | None = None) -> Expected:
    """A rule with its audit share; for what a gatekeeper leaves, where there is one."""
    if not 0 <= audit <= 1:
        raise fault(Category.INCORRECT, "value", "an audit share must be a number from 0 to 1")

    def each(ill: bool) -> Callable[[int], Read]:
        first, model = readers.first.positive(ill), readers.model_of(ill, gate)
        second = readers.specialist.positive(ill)
        return Ruled(rule, audit, first, model, second, readers.spoiled).at

    return _over(readers.prevalence, each)


def of_no_model(readers: Readers) -> Expected:
    """The pathway ``none``: first reader and specialist, whose answer counts."""

    def each(ill: bool) -> Callable[[int], Read]:
        second = readers.specialist.positive(ill)
        return lambda point: Read(second[point], 1.0, 0.0, 0.0)

    return _over(readers.prevalence, each)


def of_one(readers: Readers) -> Expected:
    """The first reader alone."""

    def each(ill: bool) -> Callable[[int], Read]:
        first = readers.first.positive(ill)
        return lambda point: Read(first[point], 0.0, 0.0, 0.0)

    return _over(readers.prevalence, each)


def of_two(readers: Readers) -> Expected:
    """Full double reading with arbitration: what all others are compared with."""

    def each(ill: bool) -> Callable[[int], Read]:
        first, third = readers.first.positive(ill), readers.specialist.positive(ill)
        return lambda point: by_two(first[point], first[point], third[point])

    return _over(readers.prevalence, each)


def of_gate(readers: Readers, ruled_out: float) -> Expected:
    """A gatekeeper that rules out this share, and two humans behind it."""
    return _gated(readers, ruled_out, behind_a_gate)


def of_triage(readers: Readers, low: float) -> Expected:
    """One human for the share with the lowest scores, two for the rest."""
    return _gated(readers, low, by_triage)


def mixed(parts: Sequence[tuple[float, float, Expected]]) -> Expected:
    """Several kinds of cases together: (share, prevalence, what is expected of each)."""
    ill = sum(share * prevalence for share, prevalence, _ in parts)
    total = sum(share for share, _, _ in parts)

    def over(value: Callable[[Expected], float]) -> float:
        return sum(share * value(each) for share, _, each in parts) / total

    return Expected(
        sensitivity=sum(s * p * each.sensitivity for s, p, each in parts) / ill,
        specificity=sum(s * (1 - p) * each.specificity for s, p, each in parts) / (total - ill),
        asked=over(lambda each: each.asked),
        audited=over(lambda each: each.audited),
        differed=over(lambda each: each.differed),
        first=over(lambda each: each.first),
        unread=over(lambda each: each.unread),
    )


def _gated(readers: Readers, share: float, arm: Callable[[float, float, float, float], Read]) -> Expected:
    if not 0 < share < 1:
        raise fault(Category.INCORRECT, "value", "the share ruled out must lie between 0 and 1")

    def each(ill: bool) -> Callable[[int], Read]:
        kept, first = readers.kept(share, ill), readers.first.positive(ill)
        third = readers.specialist.positive(ill)
        return lambda point: arm(kept[point], first[point], first[point], third[point])

    return _over(readers.prevalence, each)


def _over(prevalence: float, each: Callable[[bool], Callable[[int], Read]]) -> Expected:
    points = range(len(DIFFICULTIES))
    ill, well = list(map(each(True), points)), list(map(each(False), points))

    def over(value: Callable[[Read], float]) -> float:
        return prevalence * mean(map(value, ill)) + (1 - prevalence) * mean(map(value, well))

    return Expected(
        sensitivity=mean(read.present for read in ill),
        specificity=1 - mean(read.present for read in well),
        asked=over(lambda read: read.asked),
        audited=over(lambda read: read.audited),
        differed=over(lambda read: read.differed),
        first=over(lambda read: read.first),
        unread=over(lambda read: read.unread),
    )
