"""A child that is told to stop when its parent has gone, even by SIGKILL.

The kernel tells it: PR_SET_PDEATHSIG of prctl(2), set between fork and exec. It outlives the exec
into Python and from there into gunicorn, so gunicorn's master gets the SIGTERM that it stops
gracefully on, whether it is up yet or not. A fork clears it, and need not keep it: gunicorn's
workers are told by their master, and see for themselves when it is gone (``server/porch/worker.py``);
a model's process ends when the pipe to its parent does.

A pipe whose end the children watch would do without Linux, but gunicorn's master has nothing to
watch it with: it waits for signals only, and a thread of ours in it would be there when it forks.
The price: the kernel forgets the wish when the Python that is executed has a set-user-ID bit or
file capabilities (prctl(2)). Then, and beside Linux, children outlive a killed parent as before.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def tied_to_us() -> Callable[[], None] | None:
    """What a new child runs before its program (``preexec_fn``); None where the kernel cannot do this.

    The parent must have no threads: what a fork leaves of them could stop the child here.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went before the kernel knew
            os._exit(1)

    return tie
