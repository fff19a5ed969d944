"""Children are told to stop when their parent was killed: shown with real processes."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")

_PARENT = """
import os, signal
from server.lifeline import tie_to

def told(*_):
    print("told", flush=True)
    os._exit(0)

parent = os.getpid()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, told)
    tie_to(parent)
    print("here", flush=True)
while True:
    signal.pause()
"""
_LATE = """
import os
from server.lifeline import tie_to

tie_to(os.getpid())
print("it went on")
"""


def test_a_child_is_told_when_its_parent_is_killed_and_not_before() -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "here\n"
        parent.kill()
        assert parent.stdout.read() == "told\n", "nothing after it: the child has ended"


def test_a_child_whose_parent_went_first_does_not_go_on() -> None:
    """Any process that is not its parent's will do for one that has gone."""
    late = subprocess.run([sys.executable, "-c", _LATE], capture_output=True, check=False)
    assert (late.returncode, late.stdout) == (1, b"")
