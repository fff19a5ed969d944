"""``python -m conformance bench mllp``: results that are acknowledged, beside two other MLLP servers."""

from __future__ import annotations

import itertools
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import click

from conformance.bench.figures import Figure, beside, spread, tell
from conformance.bench.house import House
from conformance.bench.load import LoadFailed
from conformance.bench.mllp_load import Load, Tally, fire
from conformance.bench.mllp_peers import HL7APY, PYTHON_HL7, serving
from conformance.bench.progress import steps
from conformance.demo.child import CannotStart

_CONNECTIONS = (1, 4)
_OURS = "ours"
_RATE = "per second"
_OBSERVATIONS = 10
_WARM = 0.5

Measured = dict[tuple[int, str], list[Tally]]


@click.command()
@click.option("--seconds", default=5.0, show_default=True, help="Of each receiver in each round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of all receivers.")
@click.option("--alone", is_flag=True, help="Without other servers.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder whose disk is measured; default: var.")
def mllp(seconds: float, rounds: int, alone: bool, data: Path | None) -> None:
    """ORU^R01 messages acknowledged per second over MLLP, beside hl7apy's server and python-hl7's.

    Each message has ten numeric OBX, its own control id and its own patient; one client sends the next when
    the last is answered AA, on one connection and on four. Ours answers when structure, required fields and
    data types were checked and the message is committed and flushed; it is not applied meanwhile (no worker
    runs). The others, on as many processes as they are made for (one), parse it, append it to a file and
    flush that. hl7apy's server closes after each message, so the client connects anew. Ratios are medians of
    the rounds' own.
    """
    try:
        with House(data) as house, ExitStack() as stack:
            house.mllp()
            ports = {_OURS: house.mllp_port}
            if not alone:
                ports |= {
                    name: stack.enter_context(serving(name, house.data)) for name in (PYTHON_HL7, HL7APY)
                }
            measured = _measure(ports, seconds, rounds)
    except (CannotStart, LoadFailed) as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    for figure in _figures(measured):
        tell(figure)


def _measure(ports: dict[str, int], seconds: float, rounds: int) -> Measured:
    """Numbers go on from load to load: no message is ever sent twice."""
    measured: Measured = defaultdict(list)
    firsts = itertools.count(1, 1_000_000)

    def load(name: str, connections: int, span: float) -> Tally:
        closes = name == HL7APY
        return fire(Load("127.0.0.1", ports[name], _message(), next(firsts), connections, span, closes))

    for name in ports:
        load(name, max(_CONNECTIONS), _WARM)  # processes that have heard nothing yet load what they need
    with steps("mllp", rounds * len(ports) * len(_CONNECTIONS)) as step:
        for _ in range(rounds):
            for connections, name in itertools.product(_CONNECTIONS, ports):
                measured[connections, name].append(load(name, connections, seconds))
                step(f"{_of(connections)}, {name}")
    return measured


def _message() -> tuple[bytes, ...]:
    """Cut where its number stands: MSH-10, PID-3, OBR-2 and OBR-3."""
    head = "MSH|^~\\&|LAB|BENCH|SECONDREAD|GATEWAY|20260105080000+0000||ORU^R01^ORU_R01|B{n}|P|2.5.1\r"
    patient = "PID|1||P{n}^^^HOSP&1.2.3&ISO^MR||Made^Up||19700101|F\r"
    order = (
        "OBR|1|PL{n}^HOSP|FI{n}^LAB|24331-1^Lipids^LN|||20260105080000+0000|||||||||||||||"
        "20260105080000+0000||LAB|F\r"
    )
    observed = "".join(
        f"OBX|{each}|NM|{2000 + each}-1^Made up {each}^LN||{each}.5|mmol/L^^UCUM|1-10|N|||F"
        "|||20260105080000+0000\r"
        for each in range(1, _OBSERVATIONS + 1)
    )
    return tuple(each.encode() for each in f"{head}{patient}{order}{observed}".split("{n}"))


def _figures(measured: Measured) -> Iterator[Figure]:
    peers = [name for name in (PYTHON_HL7, HL7APY) if (_CONNECTIONS[0], name) in measured]
    for connections in _CONNECTIONS:
        what = f"ORU acknowledged over MLLP, {_of(connections)}"
        ours = [each.rate for each in measured[connections, _OURS]]
        for name in peers:
            yield beside(f"{what}, beside {name}", ours, [t.rate for t in measured[connections, name]], _RATE)
        if not peers:
            yield Figure(what, statistics.median(ours), _RATE)
        latencies = [each * 1000 for t in measured[connections, _OURS] for each in t.latencies]
        yield from spread(f"{what}, to the answer", latencies, "ms")


def _of(connections: int) -> str:
    return "1 connection" if connections == 1 else f"{connections} connections"
