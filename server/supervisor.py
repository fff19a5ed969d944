"""The processes of one machine, ``web``, ``work``, ``dicom``, ``mllp``: started, watched, stopped together.

They are forked from this process, which has imported everything and holds nothing open: so they
start in a moment, the first time and after each death. Code crosses a fork; connections and models,
which must not, are opened after it (gunicorn's workers and a model's process are one step further).
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess

from server import (
    app,  # noqa: F401 - not needed here, but by gunicorn's workers
    hearing,
    listening,
    mllp,
)
from server.configuration import demand_models
from server.doors import listener
from server.ending import one_sentence
from server.lifeline import tie_to
from server.log import configure, logger
from server.settings import Settings
from server.web import demand_certificate, demand_free_port, serve
from server.wiring import build
from server.work import work


def _dicom(settings: Settings) -> None:
    listening.serve(settings, listener)


def _mllp(settings: Settings) -> None:
    mllp.serve(settings, hearing.opened)


_PROGRAMS: dict[str, Callable[[Settings], None]] = {
    "web": serve,
    "work": work,
    "dicom": _dicom,
    "mllp": _mllp,
}
_STOPS = (signal.SIGTERM, signal.SIGINT)
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
    demand_certificate(settings)
    if "dicom" in processes:
        listening.demand_door(settings)
    if "mllp" in processes:
        mllp.demand_door(settings)
    house = build(settings)  # say now what would stop the children
    house.close()
    demand_models(settings, house.cards, house.others)
    stop = threading.Event()
    for number in _STOPS:
        signal.signal(number, lambda *_: stop.set())
    running = {name: _start(name, settings) for name in processes}
    born = dict.fromkeys(processes, time.monotonic())
    try:
        while not stop.wait(_LOOK):
            for name, process in running.items():
                if process.exitcode is None:
                    continue
                logger().error("process died, starting it again", name=name, code=process.exitcode)
                if time.monotonic() - born[name] < _YOUNG and stop.wait(_PAUSE):
                    break
                running[name], born[name] = _start(name, settings), time.monotonic()
    finally:
        _stop(running.values())


def _start(name: str, settings: Settings) -> BaseProcess:
    process = get_context("fork").Process(target=_become, args=(name, settings, os.getpid()), name=name)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)  # until the child has handlers of its own
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    logger().info("started", name=name, pid=process.pid)
    return process


def _become(name: str, settings: Settings, parent: int) -> None:
    """Runs in the new process."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_DFL)  # ours would only tell our copy of ``stop``
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
    tie_to(parent)
    configure(settings.log_level, name)
    with one_sentence():
        _PROGRAMS[name](settings)


def _stop(processes: Iterable[BaseProcess]) -> None:
    living = [each for each in processes if each.exitcode is None]
    for each in living:
        each.terminate()
    deadline = time.monotonic() + _STOP_WITHIN
    # Not join with a timeout: that watches a pipe, which followers of the process hold too.
    while any(each.exitcode is None for each in living) and time.monotonic() < deadline:
        time.sleep(_LOOK)
    for each in living:
        if each.exitcode is None:
            each.kill()
            each.join()
