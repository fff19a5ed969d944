"""Bytes on their way through, and the bound on how many of them are in memory."""

from __future__ import annotations

import pytest

from server.porch.limits import PorchLimits
from server.porch.spool import Memory, Spool


@pytest.mark.parametrize(
    ("spool", "total", "on_disk"), [(100, 1000, False), (50, 1000, True), (100, 50, True)]
)
def test_first_in_first_out_in_memory_and_on_disk(spool: int, total: int, *, on_disk: bool) -> None:
    memory = Memory(total)
    through = Spool(PorchLimits(spool_bytes=spool), memory)
    through.append(b"a" * 40)
    assert (memory.held, through.on_disk) == (40, False)
    assert through.read(10) == b"a" * 10
    through.append(b"b" * 40)
    assert through.on_disk is on_disk
    assert memory.held == (0 if on_disk else 80)
    assert (through.left, through.size) == (70, 80)
    assert through.peek(35) == b"a" * 30 + b"b" * 5
    assert through.read(100) == b"a" * 30 + b"b" * 40
    assert through.read(100) == b""
    through.close()
    assert memory.held == 0


def test_what_all_hold_together_is_bounded() -> None:
    memory = Memory(1000)
    limits = PorchLimits(spool_bytes=300)
    spools = [Spool(limits, memory) for _ in range(10)]
    for spool in spools:
        spool.append(b"x" * 300)
    assert memory.held == 900
    assert [spool.on_disk for spool in spools] == [False] * 3 + [True] * 7
    for spool in spools:
        assert spool.read(1000) == b"x" * 300
        spool.close()
    assert memory.held == 0
