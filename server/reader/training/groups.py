"""How the model does in some of the people: what a patient is told of people like them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from server.model import Band, Card, Span, Subgroup
from server.reader.training.figures import Figure
from server.reader.training.table import Flags, Floats, Table

AGES = (
    ("children under 5", Span(Decimal("0.1"), Decimal("4.999"))),
    ("children of 5 to 17", Span(Decimal(5), Decimal("17.999"))),
    ("adults of 18 to 64", Span(Decimal(18), Decimal("64.999"))),
    ("people of 65 to 90", Span(Decimal(65), Decimal(90))),
)
"""By age alone: what the data say of sex contradicts its own description (SOURCE.md)."""
FEWEST = 10
"""Answered patients with the disease, and as many without it; of fewer nothing is said."""
_NORMAL = 1.959964


def groups(card: Card, table: Table, probabilities: Floats) -> Iterator[Subgroup]:
    """Of the patients that the reader would be asked about.

    ``probabilities``: (repeat, patient), each of models that never saw the patient.
    """
    age = table.x[:, len(card.contract.features)]
    for name, span in AGES:
        some = table.served & (age >= float(span.low)) & (age <= float(span.high))
        p, ill = probabilities[:, some], table.y[some] == 1
        found = _share(p >= card.band.present_at_least, ill, p, card.band)
        spared = _share(p <= card.band.absent_at_most, ~ill, p, card.band)
        if found is not None and spared is not None:
            yield Subgroup(name, int(some.sum()), str(found), str(spared), span)


def _share(hits: Flags, group: Flags, p: Floats, band: Band) -> Figure | None:
    """Among answered ones, by Wilson's interval: a bootstrap of a few without an error has no width."""
    among = ((p <= band.absent_at_most) | (p >= band.present_at_least)) & group
    n = float(np.mean(among.sum(axis=1)))
    if n < FEWEST:
        return None
    share = float(np.mean((hits & among).sum(axis=1))) / n
    z2 = _NORMAL * _NORMAL
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    width = _NORMAL * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Figure(share, max(0.0, middle - width), min(1.0, middle + width))
