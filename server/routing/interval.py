"""What a share of counted cases may really be: Wilson's interval (J Am Stat Assoc 22 (1927) 209-212)."""

from __future__ import annotations

import math

USUAL = 1.959964
"""Of 95 in 100; of the inner limits of a funnel."""
CONTROL = 3.090232
"""Of 998 in 1,000: the outer limits, which chance leaves twice in a thousand looks."""


def wilson(count: float, of: float, z: float = USUAL) -> tuple[float, float]:
    """The lowest and the highest share that ``count`` of ``of`` speaks for; of nothing, anything."""
    if of == 0:
        return 0.0, 1.0
    share, part = count / of, z * z / of
    middle = share + part / 2
    reach = z * math.sqrt(share * (1 - share) / of + part / (4 * of))
    return max(0.0, (middle - reach) / (1 + part)), min(1.0, (middle + reach) / (1 + part))
