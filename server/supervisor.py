"""The processes of one machine, ``web`` and ``work``: started, watched, stopped together."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence

from server.groundwork import demand_sound
from server.lifeline import tied_to_us
from server.log import configure, logger
from server.settings import Settings, child_environment
from server.web import demand_free_port

_STOP_WITHIN = 35.0
_LOOK = 0.1
_YOUNG = 10.0
_PAUSE = 1.0
"""Before the new start of a process that lived for less than ``_YOUNG``: a broken one does not spin."""


def run(processes: Sequence[str], settings: Settings) -> None:
    """Start the named commands and keep them running until SIGTERM or Ctrl-C.

    When this process is killed, they stop all the same (``server/lifeline.py``).
    """
    configure(settings.log_level, "up")
    demand_free_port(settings)
    demand_sound(settings)  # say now what would stop the children
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = {name: _start(name) for name in processes}
    born = dict.fromkeys(processes, time.monotonic())
    try:
        while not stop.wait(_LOOK):
            for name, process in running.items():
                if process.poll() is None:
                    continue
                logger().error("process died, starting it again", name=name, code=process.returncode)
                if time.monotonic() - born[name] < _YOUNG and stop.wait(_PAUSE):
                    break
                running[name], born[name] = _start(name), time.monotonic()
    finally:
        _stop(running.values())


def _start(name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "server", name],
        env=child_environment(),
        preexec_fn=tied_to_us(),  # noqa: PLW1509 - there are no threads here
    )


def _stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    living = [each for each in processes if each.poll() is None]
    for each in living:
        each.terminate()
    deadline = time.monotonic() + _STOP_WITHIN
    for each in living:
        try:
            each.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            each.kill()
