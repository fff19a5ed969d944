"""``python -m conformance bench store``: objects that a modality stores, beside other archives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from conformance.bench.archives import has_storescp, orthanc, orthanc_archive, storescp
from conformance.bench.figures import Figure, beside, tell
from conformance.bench.house import House
from conformance.bench.images import write
from conformance.bench.progress import steps
from conformance.demo.child import CannotStart

_STORESCU = Path("/usr/bin/storescu")
_EDGES = (128, 512)
_CLIENTS = (1, 4)
_OURS = "ours"
_RATE = "per second"
_PATIENCE = 600.0


class NotStored(Exception):
    """A sender was refused, and what it said."""


@dataclass(frozen=True, slots=True)
class Way:
    """How objects are sent."""

    edge: int
    clients: int
    nagle: bool

    def __str__(self) -> str:
        few = "1 association" if self.clients == 1 else f"{self.clients} associations"
        return f"C-STORE of {self.edge}x{self.edge} CT, {few}, Nagle {'on' if self.nagle else 'off'}"


@click.command()
@click.option("--objects", default=200, show_default=True, help="By each client with Nagle off.")
@click.option("--slow-objects", default=40, show_default=True, help="By each client with Nagle on.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of all ways to all receivers.")
@click.option("--alone", is_flag=True, help="Without other archives.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder whose disk is measured; default: var.")
def store(objects: int, slow_objects: int, rounds: int, alone: bool, data: Path | None) -> None:
    """Objects stored per second over DICOM, beside DCMTK's storescp and Orthanc.

    The sender is DCMTK's storescu, as it comes (Nagle's algorithm on) and with TCP_NODELAY=1, which
    storescp then gets too. Each round makes new objects, and sends the same to each receiver in turn.
    Ours answers when an object is durable; storescp flushes nothing, Orthanc its files. Ratios are
    medians of the rounds' own. A receiver that is not installed is named and left out.
    """
    if not _STORESCU.exists():
        click.echo("There is no DCMTK here, and so no sender: apt-get install dcmtk.", err=True)
        sys.exit(2)
    ways = [Way(edge, clients, nagle) for nagle in (True, False) for edge in _EDGES for clients in _CLIENTS]
    counts = {True: slow_objects, False: objects}
    try:
        with House(data) as house:
            house.dicom()
            measured = _measure(house, ways, counts, rounds, alone=alone)
    except (CannotStart, NotStored) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in _figures(ways, measured):
        tell(figure)


Receiver = tuple[str, Callable[[], AbstractContextManager[int]]]
"""Its name, and how it is started: the context gives its port."""
Measured = dict[tuple[Way, str], list[float]]


def _measure(house: House, ways: list[Way], counts: dict[bool, int], rounds: int, *, alone: bool) -> Measured:
    measured: Measured = defaultdict(list)
    with steps("store", rounds * len(ways)) as step:
        for number in range(rounds):
            for way in ways:
                folder = house.data / f"round-{number}" / f"{way.edge}-{way.clients}-{way.nagle}"
                receivers = _receivers(house, way, folder, alone=alone)
                _round(way, folder, counts[way.nagle], receivers, measured)
                step(str(way).removeprefix("C-STORE of "))
    return measured


def _round(way: Way, folder: Path, count: int, receivers: Iterable[Receiver], measured: Measured) -> None:
    folders = [write(folder / f"sent-{client}", way.edge, count) for client in range(way.clients)]
    for receiver, opened in receivers:
        with opened() as port:
            measured[way, receiver].append(_send(port, folders, count, nagle=way.nagle))


def _receivers(house: House, way: Way, folder: Path, *, alone: bool) -> Iterator[Receiver]:
    @contextmanager
    def ours() -> Iterator[int]:
        yield house.dicom_port

    yield _OURS, ours
    if alone:
        return
    if has_storescp():
        yield "storescp", lambda: storescp(folder / "storescp", nagle=way.nagle)
    if orthanc() is not None:
        yield "Orthanc", lambda: orthanc_archive(folder / "orthanc")


def _send(port: int, folders: list[Path], count: int, *, nagle: bool) -> float:
    """Objects per second, all senders together. Raises NotStored."""
    environment = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    if not nagle:
        environment["TCP_NODELAY"] = "1"
    with ExitStack() as running:
        began = time.monotonic()
        senders = [running.enter_context(_sender(port, folder, environment)) for folder in folders]
        said = [each.communicate(timeout=_PATIENCE)[0] for each in senders]
        took = time.monotonic() - began
    for sender, words in zip(senders, said, strict=True):
        if sender.returncode or words.count(b"(Success)") != count:
            raise NotStored(f"storescu was refused: {words[-400:].decode(errors='replace')}")
    return count * len(folders) / took


def _sender(port: int, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(_STORESCU), "-v", "+sd", "127.0.0.1", str(port), str(folder)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _figures(ways: list[Way], measured: Measured) -> Iterator[Figure]:
    present = [name for name in ("storescp", "Orthanc") if any(each == name for _, each in measured)]
    for missing in {"storescp", "Orthanc"} - set(present):
        click.echo(f"{missing} is not installed here, and left out.", err=True)
    for way in ways:
        for name in present:
            yield beside(f"{way}, beside {name}", measured[way, _OURS], measured[way, name], _RATE)
        if not present:
            yield Figure(str(way), sorted(measured[way, _OURS])[len(measured[way, _OURS]) // 2], _RATE)
