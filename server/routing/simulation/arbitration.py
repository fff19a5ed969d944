"""What arbitration keeps of what was flagged: of the ill it loses some, too (second-reading 6.2 V7)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arbitrated:
    """Cases of one kind: how many readers flagged, how many of those stayed so, of how many there were."""

    flagged: int
    kept: int
    of: int

    @property
    def before(self) -> float:
        """Sensitivity before arbitration, of cases with disease; of others one less the specificity."""
        return self.flagged / self.of

    @property
    def after(self) -> float:
        return self.kept / self.of

    @property
    def thrown_out(self) -> float:
        """Where disease came: overruled, then right."""
        return 1 - self.kept / self.flagged

    def __add__(self, other: Arbitrated) -> Arbitrated:
        return Arbitrated(self.flagged + other.flagged, self.kept + other.kept, self.of + other.of)
