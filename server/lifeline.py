"""A child that is told to stop when its parent has gone, even by SIGKILL.

The kernel tells it: PR_SET_PDEATHSIG of prctl(2), asked for by the child right after the fork. The
child becomes gunicorn's master or the worker in that same process, and both finish what is in hand
on SIGTERM. What these start in turn needs no line of its own: gunicorn's workers are told by their
master, and see for themselves when it has gone (``server/porch/worker.py``); a model's process ends
when the pipe to its parent does.

A pipe from the parent, whose end the children watch, would do without Linux. But gunicorn's master
has nothing to watch it with: it waits for signals alone, and a thread of ours in it would be there
when it forks. Beside Linux a killed parent therefore leaves its children at work.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tie_to(parent: int) -> None:
    """Called in a child: SIGTERM when ``parent`` ends. Ends at once when it has ended already."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it went before the kernel knew of the wish
        raise SystemExit(1)
