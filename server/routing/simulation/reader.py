"""A reader: how often right of the ill and of the well, and how much of its errors it shares with others."""

from __future__ import annotations

from dataclasses import dataclass

from server.errors import Category, fault
from server.routing.simulation.grid import Curve, above, normal, quantile

_MOST_CORRELATED = 0.999


@dataclass(frozen=True, slots=True)
class Reader:
    """Sensitivity, specificity, and the share of a case's difficulty that all readers have in common."""

    sensitivity: float
    specificity: float
    correlation: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.sensitivity < 1 and 0 < self.specificity < 1):
            text = "sensitivity and specificity must be numbers between 0 and 1, neither included"
            raise fault(Category.INCORRECT, "value", text)
        if not 0 <= self.correlation <= _MOST_CORRELATED:
            text = f"a correlation must be a number from 0 to {_MOST_CORRELATED}"
            raise fault(Category.INCORRECT, "value", text)

    def positive(self, ill: bool) -> Curve:
        """How probably the reader says present, at each difficulty."""
        return above(self._threshold(ill), self.correlation)

    def beyond(self, shift: float, ill: bool) -> Curve:
        """How probably its score lies above another threshold, ``shift`` below the one that it answers by."""
        return above(self._threshold(ill) + shift, self.correlation)

    def shift_for(self, share: float, prevalence: float) -> float:
        """The shift above which ``share`` of all cases lie."""
        low, high = -18.0, 18.0
        for _ in range(80):
            middle = (low + high) / 2
            found = prevalence * self._share(middle, ill=True) + (1 - prevalence) * self._share(
                middle, ill=False
            )
            low, high = (middle, high) if found < share else (low, middle)
        return (low + high) / 2

    def _share(self, shift: float, *, ill: bool) -> float:
        return normal(self._threshold(ill) + shift)

    def _threshold(self, ill: bool) -> float:
        return quantile(self.sensitivity if ill else 1 - self.specificity)
