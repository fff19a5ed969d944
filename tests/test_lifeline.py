"""Children are told to stop when their parent was killed: real processes, and through an exec or two."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")

_CHILD = """
import os, signal
def told(*_):
    print("told", flush=True)
    os._exit(0)
signal.signal(signal.SIGTERM, told)
print("here", flush=True)
while True:
    signal.pause()
"""
_PARENT = """
import subprocess, sys
from server.lifeline import tied_to_us
tie = tied_to_us() if sys.argv[1] == "tied" else None
subprocess.Popen(["sh", "-c", 'exec "$0" "$@"', sys.executable, "-c", sys.argv[2]], preexec_fn=tie).wait()
"""
_ORPHAN = """
import os, sys
from server.lifeline import tied_to_us
tie = tied_to_us()
def below(work):
    child = os.fork()
    if child == 0:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(below(lambda: below(lambda: tie() or 0)))
"""


def test_a_child_is_told_when_its_parent_is_killed_and_not_before() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT, "tied", _CHILD], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "here\n"
        parent.kill()
        assert parent.stdout.read() == "told\n", "nothing after it: the child has ended"


def test_a_child_whose_parent_went_first_does_not_start() -> None:
    assert subprocess.run([sys.executable, "-c", _ORPHAN], check=False).returncode == 1
