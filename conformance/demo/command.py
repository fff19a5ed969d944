"""``python -m conformance demo``."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from joserfc.jwk import ECKey
from rich.console import Console

from conformance.demo import directory, office
from conformance.demo.cases import FILMS, Script, load
from conformance.demo.child import AE, CLIENT, CannotStart, Child, Dicom, free_port, usable
from conformance.demo.interface import Interface, Mllp
from conformance.demo.play import Play
from conformance.demo.radiology import Radiology
from conformance.demo.show import Show
from conformance.demo.verdict import Ending
from conformance.peers.blindness import NotBlind
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import TASK
from conformance.peers.ehr import Ehr
from conformance.peers.engine import Engine, NotAcknowledged
from conformance.peers.listener import CannotListen
from conformance.peers.login import Gate
from conformance.peers.modality import Modality, NotTaken
from conformance.peers.pacs import Pacs
from conformance.peers.ris import Ris

_HOST = "127.0.0.1"
_NARROWEST = 120
"""Columns when the output goes to a file, which has no width of its own."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of the command line."""

    start: bool
    server: str | None
    data: Path | None
    keep: bool
    port: int
    ehr_port: int
    dicom_port: int
    pacs_port: int
    mllp_port: int
    ris_port: int
    patience: float
    leave: bool


_START = "Start a server for the demonstration, with a data folder of its own."
_SERVER = "Use this running server, for example http://127.0.0.1:8080/fhir."
_DATA = "Data folder for --start; default: a fresh temporary one."
_EXIT = "End after the last case; status 0 only if all ended as told."
_EHR_PORT = "Port of the hospital's own FHIR endpoint; 0: any free one."
_DICOM_PORT = "Port of the server's DICOM door; 0: any free one."
_PACS_PORT = "Port of the hospital's archive; 0: any free one."
_MLLP_PORT = "Port of the server's HL7 v2 door; 0: any free one."
_RIS_PORT = "Port of the hospital's radiology system; 0: any free one."


@click.command()
@click.option("--start", is_flag=True, help=_START)
@click.option("--server", metavar="URL", help=_SERVER)
@click.option("--data", type=click.Path(path_type=Path), help=_DATA)
@click.option("--keep", is_flag=True, help="Leave the temporary data folder behind.")
@click.option("--port", default=8080, show_default=True, help="Port of the server; 0: any free one.")
@click.option("--ehr-port", default=8090, show_default=True, help=_EHR_PORT)
@click.option("--dicom-port", default=11112, show_default=True, help=_DICOM_PORT)
@click.option("--pacs-port", default=11114, show_default=True, help=_PACS_PORT)
@click.option("--mllp-port", default=2575, show_default=True, help=_MLLP_PORT)
@click.option("--ris-port", default=2576, show_default=True, help=_RIS_PORT)
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for a case to end.")
@click.option("--exit", "leave", is_flag=True, help=_EXIT)
def demo(**options: Any) -> None:
    """Send eighteen cases from a small hospital, eight of them with films, and print what happens to each.

    Two are left open, for whoever watches to answer: the commands are printed at the end.

    With --server, that server needs a destination whose base is the hospital's address and
    whose identifier_systems hold https://ehr.example/task. It gets the first eight: films need an archive
    that the server knows, and only one that is started here knows the hospital's; and a policy is changed
    at the server's command line.
    """
    choices = Choices(**options)
    if choices.start == bool(choices.server):
        raise click.UsageError("say either --start, or --server with the address of a running one")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(_perform(choices, Show(_console())))


def _perform(choices: Choices, show: Show) -> int:
    """The exit status: 0 as told (or stopped by hand), 1 not as told, 2 nothing could start."""
    try:
        with ExitStack() as open_now:
            key = ECKey.generate_key("P-384", {"kid": "demo"})
            gate = Gate({CLIENT: {"keys": [key.as_dict(private=False)]}}) if choices.start else None
            ehr = open_now.enter_context(Ehr(_HOST, choices.ehr_port, gate=gate))
            child, radiology = None, None
            if choices.start:
                child, radiology = _started(open_now, show, choices, ehr, key)
            client = open_now.enter_context(FhirClient(child.base if child else choices.server or ""))
            endings = _play(client, ehr, show, choices.patience, radiology, child)
            if choices.leave:
                return int(any(each.differs for each in endings))
            _stay(show, client, ehr, radiology)
    except (CannotStart, CannotListen) as reason:
        click.echo(str(reason), err=True)
        return 2
    except NotBlind as breach:
        click.echo(f"NOT BLIND: {breach}. The demonstration stops here.", err=True)
        return 1
    except (NotDone, NotTaken, NotAcknowledged) as reason:
        click.echo(f"The server did not do what was asked: {reason}", err=True)
        return 1
    except KeyboardInterrupt:
        show.say("Stopped.")
    return 0


def _play(  # noqa: PLR0917 - everybody who takes part
    client: FhirClient,
    ehr: Ehr,
    show: Show,
    patience: float,
    radiology: Radiology | None,
    child: Child | None,
) -> list[Ending]:
    roles = directory.post(client)
    show.say(f"The directory is loaded: {len(roles)} specialists at {client.base}.")
    changed = load(of="changed")
    films = [] if radiology is None else [changed, load(FILMS), load(FILMS, of="left")]
    scripts: list[Script] = [load(), *films]
    total = sum(len(script.stories) for script in scripts)
    endings: list[Ending] = []
    for script in scripts:
        if script is changed and child is not None:
            office.change(child.command, script.question, child.data, show)
        numbers = (len(endings) + 1, total)
        play = Play(client, ehr, script, roles, show, patience=patience, radiology=radiology, numbers=numbers)
        endings += play.run()
    show.summary(endings)
    return endings


def _started(
    open_now: ExitStack, show: Show, choices: Choices, ehr: Ehr, key: ECKey
) -> tuple[Child, Radiology]:
    folder = open_now.enter_context(_folder(choices.data, choices.keep))
    port = free_port(_HOST, choices.port, "--port")
    dicom = Dicom(
        free_port(_HOST, choices.dicom_port, "--dicom-port"),
        free_port(_HOST, choices.pacs_port, "--pacs-port"),
    )
    mllp = Mllp(
        free_port(_HOST, choices.mllp_port, "--mllp-port"), free_port(_HOST, choices.ris_port, "--ris-port")
    )
    show.say(f"Starting the server on ports {port}, {dicom.port} and {mllp.port}, data in {folder} ...")
    began = time.monotonic()
    archive = open_now.enter_context(
        Pacs(folder / "pacs", _HOST, dicom.archive, callers={AE: (_HOST, dicom.port)})
    )
    ris = open_now.enter_context(Ris(_HOST, mllp.ris, name="RIS"))
    child = open_now.enter_context(Child(folder, port, ehr.base, choices.patience, key, dicom, mllp))
    took = time.monotonic() - began
    show.say(f"The server is up after {took:.1f} s: {child.base}, DICOM {AE} at {_HOST}:{dicom.port}")
    show.say(
        f"The hospital's archive: {archive.ae} at {_HOST}:{archive.port}, objects in {archive.objects.folder}"
    )
    show.say(f"The hospital's radiology system: HL7 v2 to {_HOST}:{mllp.port}, told at {_HOST}:{ris.port}")
    engine = open_now.enter_context(Engine(_HOST, mllp.port))
    return child, Radiology(Modality(_HOST, dicom.port, AE), archive, Interface(engine, ris))


@contextmanager
def _folder(data: Path | None, keep: bool) -> Iterator[Path]:
    if data is not None:
        yield usable(data.resolve())
        return
    folder = Path(tempfile.mkdtemp(prefix="second-reader-demo-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _stay(show: Show, client: FhirClient, ehr: Ehr, radiology: Radiology | None) -> None:
    """Say where to look, and stay up until Ctrl-C."""
    dicom, film = ([], []) if radiology is None else _of_radiology(radiology)
    show.places(
        [
            ("The hospital's chart, as a clinician sees it", f"{ehr.root}/"),
            ("Everything the hospital ever stored", f"{ehr.root}/ledger"),
            ("What the server can do", f"{client.base}/metadata"),
            ("Each case, step by step", f"{client.root}/cases"),
            ("Is it well?", f"{client.root}/health"),
            ("Measurements", f"{client.root}/metrics"),
            *dicom,
        ]
    )
    show.commands([*_by_hand(client), *film])
    show.say("\nEverything stays up until Ctrl-C.")
    while True:
        signal.pause()


def _by_hand(client: FhirClient) -> list[tuple[str, str]]:
    """How a referral that was left open is answered; each command is a GET or a PUT of its Task."""
    desk = "python -m conformance specialist"
    found = client.search("Task", {"status": "requested", "code": f"{TASK}|specialist-read"})
    told = [("Referrals that wait for a specialist:", f"{desk} list --server {client.base}")]
    if found:
        task = f"Task/{found[0]['id']}"
        name = f"{task} --server {client.base}"
        told += [
            (
                "What the specialist sees of one, accepting it, and answering it:",
                f"curl {client.base}/Task/{found[0]['id']}",
            ),
            ("", f"{desk} accept {name}"),
            ("", f"{desk} report {name} --finding pneumonia"),
        ]
    return told


def _of_radiology(radiology: Radiology) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Where to look, and what to type."""
    door, archive = radiology.modality, radiology.archive
    where = ("What the archive keeps (DICOM files)", str(archive.objects.folder))
    return [where], [("A film, by hand:", f"python -m conformance modality --port {door.port}")]


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_NARROWEST)
