"""Specialist only, model first, or specialist first: what each costs, and where the cheapest changes.

The decision aid of second-reading S8.4 (6.5): a gatekeeper says present where both do, a second opinion where
either does. Nobody is anchored by what they see first; a site that knows better must say so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from server.routing.simulation.reader import Reader


class Order(StrEnum):
    """Who reads first."""

    SPECIALIST = "specialist only"
    GATEKEEPER = "gatekeeper"
    SECOND_OPINION = "second opinion"


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one read, of one miss, of one false alarm; in any one currency."""

    specialist: float
    model: float
    miss: float
    false_alarm: float


def cost(order: Order, prevalence: float, specialist: Reader, model: Reader, costs: Costs) -> float:
    """Expected cost for each patient; the two err independently."""
    ill, well = prevalence, 1 - prevalence
    se, sp = specialist.sensitivity, specialist.specificity
    if order is Order.SPECIALIST:
        return costs.specialist + ill * (1 - se) * costs.miss + well * (1 - sp) * costs.false_alarm
    if order is Order.GATEKEEPER:
        let_through = ill * model.sensitivity + well * (1 - model.specificity)
        missed = 1 - se * model.sensitivity
        alarmed = (1 - sp) * (1 - model.specificity)
        reading = costs.model + let_through * costs.specialist
    else:
        missed = (1 - se) * (1 - model.sensitivity)
        alarmed = 1 - sp * model.specificity
        reading = costs.specialist + costs.model
    return reading + ill * missed * costs.miss + well * alarmed * costs.false_alarm


def crossover(specialist: Reader, model: Reader, costs: Costs) -> float | None:
    """The prevalence from which on a second opinion costs no more than a gatekeeper; None: nowhere.

    Both costs are straight lines in the prevalence, so one point says it all.
    """

    def difference(prevalence: float) -> float:
        gate = cost(Order.GATEKEEPER, prevalence, specialist, model, costs)
        return cost(Order.SECOND_OPINION, prevalence, specialist, model, costs) - gate

    at_none, at_all = difference(0.0), difference(1.0)
    if at_none <= 0 or at_all > 0:
        return 0.0 if at_none <= 0 and at_all <= 0 else None
    return at_none / (at_none - at_all)
