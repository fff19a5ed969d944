"""``python -m conformance ris``: a system that takes results and referrals in HL7 v2, by hand."""

from __future__ import annotations

import sys
import threading
from typing import Any

import click

from conformance.peers.ris import Ris
from conformance.peers.ris_faults import RisFault, read_ris_fault


class _Fault(click.ParamType[RisFault]):
    name = "KIND[:COUNT[:CODE[:ERROR]]]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> RisFault:
        try:
            return value if isinstance(value, RisFault) else read_ris_fault(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=2576, show_default=True, help="0: any free one.")
@click.option("--name", default="RIS", show_default=True, help="What it calls itself (MSH-3).")
@click.option("--fault", "faults", multiple=True, type=_Fault(), help="What goes wrong; may be repeated.")
def ris(host: str, port: int, name: str, faults: tuple[RisFault, ...]) -> None:
    """A small system that speaks HL7 v2 over MLLP, until Ctrl-C.

    It takes ORU, REF and OML, answers by MSH-15 and MSH-16, and prints in the end what it shows of results.
    """
    system = Ris(host, port, name=name)
    for each in faults:
        system.faults.add(each)
    try:
        with system:
            click.echo(f"{name} at {host}:{system.port}")
            threading.Event().wait()
    except OSError as error:
        sys.exit(f"it cannot listen there: {error.strerror}")
    except KeyboardInterrupt:
        pass
    for line in shown(system):
        click.echo(line)


def shown(system: Ris) -> list[str]:
    """What stands in its chart, one line for each statement."""
    return [
        f"{number} ({report.status})  {code}: {said.value or '-'} ({said.status})"
        for number, report in system.chart.items()
        for (code, _), said in report.said.items()
    ]
