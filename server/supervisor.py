"""The processes of one machine: web (gunicorn) and work, started, watched, stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from types import FrameType

from server.errors import Category, fault
from server.log import configure, logger
from server.settings import Settings, child_environment
from server.wiring import Readers, build, case_worker, delivery_worker
from server.worker import Loop

_DELIVERY_THREADS = 2
_STOP_WITHIN = 35.0
_PAUSE = 1.0
"""Between the death of a process and its new start, so that a broken one does not spin."""


def run(processes: Sequence[str], settings: Settings) -> None:
    """Start the named commands and keep them running until SIGTERM or Ctrl-C."""
    configure(settings.log_level, "up")
    demand_free_port(settings)
    build(settings).database.close()  # say now what would stop the children
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = {name: _start(name) for name in processes}
    try:
        while not stop.wait(0.2):
            for name, process in running.items():
                if process.poll() is not None:
                    logger().error("process died, starting it again", name=name, code=process.returncode)
                    time.sleep(_PAUSE)
                    running[name] = _start(name)
    finally:
        _stop(running.values())


def demand_free_port(settings: Settings) -> None:
    """Raises Fault(UNAVAILABLE) when somebody else listens on our port."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise fault(
                Category.UNAVAILABLE,
                "no-store",
                f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}); "
                "choose another with SECOND_READER_PORT",
            ) from error


def become_web(settings: Settings) -> None:
    """Replace this process by gunicorn; its settings are in gunicorn.conf.py."""
    demand_free_port(settings)
    build(settings).database.close()
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "wsgi:app"])  # noqa: S606 - our own program


def work(settings: Settings) -> None:
    """Carry cases and deliver documents until told to stop."""
    configure(settings.log_level, "work")
    house = build(settings)
    swept = house.vault.sweep()
    readers = Readers(settings.cards, house.cards)
    readers.start_all()
    cases, couriers = case_worker(house, readers), delivery_worker(house)
    pause = settings.idle.total_seconds()

    def idle(stop: threading.Event) -> None:
        stop.wait(pause)

    loops = [Loop("cases", cases.once, idle)]
    loops += [Loop(f"deliveries-{n}", couriers.once, idle) for n in range(_DELIVERY_THREADS)]
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    for loop in loops:
        loop.start()
    logger().info("working", questions=sorted(house.cards), swept=swept)
    while not stop.wait(1.0):
        if not all(loop.alive for loop in loops):
            logger().error("a loop has ended; leaving, so that the supervisor starts anew")
            break
    for loop in loops:
        loop.stop()
    readers.close()


def _start(name: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "server", name], env=child_environment())  # noqa: S603


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
