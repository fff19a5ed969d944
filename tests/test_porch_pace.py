"""How long a peer may take, as a table."""

from __future__ import annotations

import pytest

from server.porch.limits import KIB, MIB, PorchLimits
from server.porch.pace import Phase, overdue

LIMITS = PorchLimits()

ROWS = [
    (Phase.HANDSHAKE, 10.0, 0, False),
    (Phase.HANDSHAKE, 10.1, 0, True),
    (Phase.FRESH, 10.0, 0, False),
    (Phase.FRESH, 10.1, 0, True),
    (Phase.IDLE, 15.0, 0, False),
    (Phase.IDLE, 15.1, 0, True),
    (Phase.HEAD, 10.0, 0, False),
    (Phase.HEAD, 10.1, 0, True),
    (Phase.BODY, 5.0, 0, False),
    (Phase.BODY, 5.1, 0, True),
    (Phase.BODY, 7.0, 2 * KIB, False),
    (Phase.BODY, 7.0, 2 * KIB - 1, True),
    (Phase.BODY, 60.0, 49 * MIB, False),
    (Phase.BODY, 60.1, 49 * MIB, True),
    (Phase.SERVING, 1e9, 0, False),
    (Phase.ANSWERING, 5.0, 0, False),
    (Phase.ANSWERING, 5.1, 0, True),
    (Phase.ANSWERING, 100.0, 95 * KIB, False),
    (Phase.ANSWERING, 300.1, 1000 * MIB, True),
    (Phase.LINGERING, 2.0, 0, False),
    (Phase.LINGERING, 2.1, 0, True),
]


@pytest.mark.parametrize(("phase", "waited", "moved", "expected"), ROWS)
def test_overdue(phase: Phase, waited: float, moved: int, *, expected: bool) -> None:
    assert overdue(phase, waited, moved, LIMITS) is expected


def test_every_phase_has_rows() -> None:
    assert {row[0] for row in ROWS} == set(Phase)
