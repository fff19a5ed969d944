"""fhirstarter (PyPI) as a process beside ours: what another server needs for the same Task, from memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from conformance.bench import stock
from conformance.bench.house import House
from conformance.demo.child import CannotStart, free_port
from conformance.peers.wire import encode

_PATIENCE = 60.0


@contextmanager
def beside_us(house: House) -> Iterator[int]:
    """fhirstarter on a port of its own, holding one Task."""
    port, task = free_port(house.host, 0, "--peer"), house.data / "peer-task.json"
    task.write_bytes(encode({"resourceType": "Task", "status": "requested", "intent": "order"}))
    with (house.data / "peer.log").open("wb") as log:
        command = [sys.executable, "-m", "conformance.bench.starter", str(port), str(task)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _await(process, f"http://{house.host}:{port}/Task/{stock.FIRST}")
        yield port
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _await(process: subprocess.Popen[bytes], address: str) -> None:
    """Raises CannotStart when fhirstarter does not answer."""
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if httpx.get(address, trust_env=False).status_code == 200:
                return
        time.sleep(0.1)
    process.kill()
    raise CannotStart("fhirstarter did not come up; is requirements-dev.txt installed?")
