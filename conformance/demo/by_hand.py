"""``python -m conformance ehr`` and ``... specialist``: the peers by hand, one step at a time."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import click

from conformance.demo.cases import FILMS, Script, load
from conformance.peers.blindness import NotBlind
from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import TASK, Resource
from conformance.peers.ehr import Ehr
from conformance.peers.listener import CannotListen
from conformance.peers.specialist import Desk, by_rule

_SERVER = "http://127.0.0.1:8080/fhir"
_server = click.option("--server", default=_SERVER, show_default=True, help="FHIR base of the second reader.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8090, show_default=True, help="0: any free one.")
@click.option(
    "--send",
    "keys",
    multiple=True,
    metavar="CASE",
    help="Send this case of the demonstration; may be repeated.",
)
@_server
def ehr(host: str, port: int, keys: tuple[str, ...], server: str) -> None:
    """A small hospital with its own FHIR endpoint, until Ctrl-C.

    Make it fail with, for example:

    \b
      curl -d '{"kind": "error-after-commit", "count": 2}' http://127.0.0.1:8090/faults
    """
    script = load()
    unknown = set(keys) - {story.key for story in script.stories}
    if unknown:
        raise click.BadParameter(f"the cases are: {', '.join(story.key for story in script.stories)}")
    with _said(), Ehr(host, port) as hospital:
        click.echo(f"Chart {hospital.root}/   FHIR {hospital.base}   Ledger {hospital.root}/ledger")
        _send(hospital, script, keys, server)
        threading.Event().wait()


def _send(hospital: Ehr, script: Script, keys: tuple[str, ...], server: str) -> None:
    run = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    with FhirClient(server) as client:
        for story in (each for each in script.stories if each.key in keys):
            request = script.request(story, run, datetime.now(UTC))
            sent = hospital.send_case(
                request, client, together=story.together, tell=lambda _, text: click.echo(_timed(text))
            )
            click.echo(f"{story.title}: {client.base}/{sent.task}")


@click.group()
def specialist() -> None:
    """A specialist's desk: look at offers, accept or decline them, sign a report."""


@specialist.command("list")
@_server
@click.option("--role", help="Only the offers of this one, for example PractitionerRole/7.")
def list_(server: str, role: str | None) -> None:
    """Print the offers that wait for an answer."""
    wanted = {"status": "requested", "code": f"{TASK}|specialist-read"} | ({"owner": role} if role else {})
    with _said(), FhirClient(server) as client:
        offers = client.search("Task", wanted)
    for each in offers:
        due = each.get("restriction", {}).get("period", {}).get("end", "no deadline")
        click.echo(
            f"Task/{each['id']}  {each['owner']['reference']}  {each.get('priority', '')}  until {due}"
        )
    if not offers:
        click.echo("No offer is waiting.")


@specialist.command()
@_server
@click.argument("task")
def accept(server: str, task: str) -> None:
    """Accept the offer TASK, after a look that no opinion can be seen from it."""
    with _said(), FhirClient(server) as client:
        desk = _desk(client, load())
        values = desk.values(_task(client, task))
        desk.accept(_id(task))
    for name, value in values.items():
        click.echo(f"  {name} {value}")


@specialist.command()
@_server
@click.argument("task")
@click.option("--reason", required=True, help="Why; the requester reads it.")
def decline(server: str, task: str, reason: str) -> None:
    """Decline the offer TASK; it goes to the next specialist."""
    with _said(), FhirClient(server) as client:
        _desk(client, load()).decline(_id(task), reason)


@specialist.command()
@_server
@click.argument("task")
@click.option(
    "--finding",
    help="Your conclusion, as named in cases.toml or films.toml; left out: by the built-in rule.",
)
@click.option("--text", help="The conclusion in words.")
def report(server: str, task: str, finding: str | None, text: str | None) -> None:
    """Sign a report for the accepted offer TASK and complete it."""
    script = load()
    findings = {**script.findings, **load(FILMS).findings}
    if finding is not None and finding not in findings:
        raise click.BadParameter(f"the findings are: {', '.join(findings)}")
    with _said(), FhirClient(server) as client:
        desk, offer = _desk(client, script), _task(client, task)
        ruled = by_rule(findings["bacterial"], findings["viral"])
        values = desk.values(offer)
        chosen = findings[finding] if finding else ruled(values)
        desk.report(offer["id"], offer["owner"]["reference"], replace(chosen, text=text or chosen.text))
        for address in desk.finals:
            click.echo("If you found otherwise than one of the two, both are shown you, unnamed:")
            click.echo(f"  python -m conformance specialist final {address} --server {server}")


@specialist.command()
@_server
@click.argument("address")
def final(server: str, address: str) -> None:
    """Look at both opinions at ADDRESS, as 'report' printed it, and stay with the blind answer."""
    with _said(), FhirClient(server) as client:
        if not _desk(client, load()).finalise(address):
            click.echo("Nothing is asked there.")


@specialist.command()
@_server
@click.argument("roles", nargs=-1, required=True)
def work(server: str, roles: tuple[str, ...]) -> None:
    """Answer every offer to ROLES by the built-in rule, until Ctrl-C."""
    with _said(), FhirClient(server) as client:
        _desk(client, load(), roles).run(threading.Event())


def _desk(client: FhirClient, script: Script, roles: tuple[str, ...] = ()) -> Desk:
    opine = by_rule(script.findings["bacterial"], script.findings["viral"])
    return Desk(client, roles, script.analytes, opine, tell=lambda _, text: click.echo(_timed(text)))


def _task(client: FhirClient, task: str) -> Resource:
    return client.read(f"Task/{_id(task)}").body


def _id(task: str) -> str:
    return task.rpartition("/")[2]


def _timed(text: str) -> str:
    return f"{time.strftime('%H:%M:%S')}  {text}"


@contextmanager
def _said() -> Iterator[None]:
    """Failures as one sentence and a status: 2 nothing could start, 1 something was refused."""
    try:
        yield
    except CannotListen as reason:
        click.echo(str(reason), err=True)
        sys.exit(2)
    except NotBlind as breach:
        click.echo(f"NOT BLIND: {breach}. Nothing was signed.", err=True)
        sys.exit(1)
    except NotDone as reason:
        click.echo(f"not done: {reason}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo()
