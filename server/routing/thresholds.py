"""A policy's own operating point: from where on the model's probability is an answer (second-reading S2.1).

A site that has measured other thresholds for its own people sets them here, so that they are changed like
everything else that judges a case: by two people, replayed, with a date, never for a case that is open.
"""

from __future__ import annotations

from dataclasses import replace

from server.model import AiRead, Band


def at_thresholds(read: AiRead, band: Band | None) -> AiRead:
    """The read as these thresholds have it; one without a probability stays as it is, a decline."""
    if band is None or read.probability is None:
        return read
    said = band.says(read.probability)
    low, high = band.absent_at_most, band.present_at_least
    unsure = f"the calibrated probability lies between {low:g} and {high:g}, where the policy has no answer"
    return replace(read, answer=said, band=band, reasons=() if said else (unsure,))
