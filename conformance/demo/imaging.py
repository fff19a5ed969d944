"""``python -m conformance pacs`` and ``... modality``: an archive and a machine by hand."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from pathlib import Path

import click

from conformance.peers.archive_faults import ArchiveFault, read_archive_fault
from conformance.peers.modality import Modality, NotTaken, Order, films
from conformance.peers.pacs import Address, Pacs


class _Caller(click.ParamType[tuple[str, Address]]):
    name = "AE=HOST:PORT"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Address]:
        ae, _, address = value.partition("=")
        host, _, port = address.rpartition(":")
        if not ae or not host or not port.isdigit():
            self.fail("allowed: AE=HOST:PORT", param, ctx)
        return ae, (host, int(port))


class _Fault(click.ParamType[ArchiveFault]):
    name = "KIND[:COUNT[:STATUS]]"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> ArchiveFault:
        try:
            return read_archive_fault(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=11114, show_default=True, help="0: any free one.")
@click.option("--ae", default="PACS", show_default=True)
@click.option(
    "--knows",
    "callers",
    multiple=True,
    type=_Caller(),
    help="Whom it reports to on commitments.",
)
@click.option("--same-association", is_flag=True, help="It reports on the association by which it was asked.")
@click.option("--think", default=0.0, show_default=True, help="Seconds before it reports.")
@click.option("--fault", "faults", multiple=True, type=_Fault(), help="What goes wrong; may be repeated.")
def pacs(  # noqa: PLR0917 - options of a command line
    folder: Path,
    host: str,
    port: int,
    ae: str,
    callers: tuple[tuple[str, Address], ...],
    same_association: bool,
    think: float,
    faults: tuple[ArchiveFault, ...],
) -> None:
    """A small archive that stores into FOLDER, until Ctrl-C.

    It takes C-STORE, answers C-FIND (STUDY, SERIES, IMAGE), and says by storage commitment what it keeps.
    """
    archive = Pacs(
        folder, host, port, ae, callers=dict(callers), same_association=same_association, think=think
    )
    for each in faults:
        archive.faults.add(each)
    try:
        with archive:
            click.echo(f"{ae} at {host}:{archive.port}, {len(archive.objects)} objects")
            threading.Event().wait()
    except OSError as error:
        sys.exit(f"it cannot listen there: {error.strerror}")
    except KeyboardInterrupt:
        click.echo(f"{len(archive.objects)} objects")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=11112, show_default=True)
@click.option("--called", default="SECONDREADER", show_default=True, help="AE title of who gets the films.")
@click.option("--ae", default="MODALITY", show_default=True)
@click.option("--films", "count", default=1, show_default=True, type=click.IntRange(1, 1000))
@click.option("--patient", default="P-1", show_default=True)
@click.option("--accession", default="A-1", show_default=True)
@click.option("--study", default="", help="Study Instance UID; a new one without.")
@click.option("--worklist", is_flag=True, help="Films of what the worklist at this address asks for.")
@click.option("--mpps", is_flag=True, help="Say also when the examination begins, and what was made in it.")
def modality(  # noqa: PLR0917 - options of a command line
    host: str,
    port: int,
    called: str,
    ae: str,
    count: int,
    patient: str,
    accession: str,
    study: str,
    worklist: bool,
    mpps: bool,
) -> None:
    """Send made-up chest films (CR), of nobody, by C-STORE."""
    machine = Modality(host, port, called, ae)
    made_up = Order(patient_id=patient, accession=accession)
    try:
        orders = machine.worklist() if worklist else [replace(made_up, study=study or made_up.study)]
        for order in orders:
            step, made = machine.begin(order) if mpps else "", list(films(order, count))
            statuses = machine.send(made)
            if step:
                machine.end(step, made)
            told = ", ".join(f"{each:04X}" for each in statuses)
            click.echo(f"study {order.study}, accession {order.accession}: {told}")
    except NotTaken as error:
        sys.exit(str(error))
