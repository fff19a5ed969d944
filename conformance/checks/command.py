"""``python -m conformance check``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console

from conformance.checks import expect
from conformance.checks.claim import Claim
from conformance.checks.exchange import Wire
from conformance.checks.expanded import TEMPLATES
from conformance.checks.report import Result, counted, listing, progress, show, summary
from conformance.checks.run import SYSTEM, Run
from conformance.checks.statement import NoStatement, Statement, statement_of
from conformance.checks.table import CLAIMS, chosen, table
from conformance.checks.verdict import NoAnswer, Outcome, Unmet

_NARROWEST = 120
"""Columns when the output goes to a file, which has no width of its own."""

_LIST = "Print the claims and try none; with an ADDRESS also those that its CapabilityStatement makes."
_ONLY = "Try only this claim; * stands for anything, as in 'search/*'. May be repeated."
_READ_ONLY = "Send nothing that could write: only reads and searches of what is there."
_OURS = "Try Second Reader's own rules although the CapabilityStatement is not its own."
_TASK_SYSTEM = "Identifier system of made-up Tasks; one of a configured destination's identifier_systems."
_HEADER = "Sent with every request, as in 'Authorization: Bearer ...'. May be repeated."


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of the command line."""

    address: str | None
    list_: bool
    only: tuple[str, ...]
    read_only: bool
    ours: bool
    json_: bool
    patience: float
    timeout: float
    task_system: str
    header: tuple[str, ...]


@click.command()
@click.argument("address", required=False)
@click.option("--list", "list_", is_flag=True, help=_LIST)
@click.option("--only", multiple=True, metavar="ID", help=_ONLY)
@click.option("--read-only", is_flag=True, help=_READ_ONLY)
@click.option("--ours", is_flag=True, help=_OURS)
@click.option("--json", "json_", is_flag=True, help="One line of JSON for each claim on standard output.")
@click.option("--patience", default=30.0, show_default=True, help="Seconds to wait for a case to move on.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds to wait for one answer.")
@click.option("--task-system", default="https://ehr.example/task", show_default=True, help=_TASK_SYSTEM)
@click.option("--header", multiple=True, metavar="'NAME: VALUE'", help=_HEADER)
def check(**options: Any) -> None:
    """Try what the FHIR server at ADDRESS claims, one case for each claim.

    ADDRESS is a FHIR base, for example http://127.0.0.1:8080/fhir. What is tried of the standard
    goes by the server's own CapabilityStatement, so any FHIR R4 server may be named; the rules of
    Second Reader are tried only where it is one.

    The checks write: made-up patients, reports and Tasks, under identifiers that no other run uses,
    so that they can be repeated at the same server. Everything made up carries the security label
    HTEST (test data), open cases are ended and made-up specialists are deactivated; the rest stays.
    Do not run them, but with --read-only, at a server that is in clinical use.

    Exit status: 0 nothing failed, 1 something failed, 2 no FHIR server could be reached.
    """
    choices = Choices(**options)
    if choices.address is None and not choices.list_:
        raise click.UsageError("say the ADDRESS of a FHIR base, such as http://127.0.0.1:8080/fhir")
    if choices.address is not None and urlsplit(choices.address).scheme not in ("http", "https"):
        raise click.BadParameter("an ADDRESS begins with http:// or https://")
    if choices.address is None:
        sys.exit(_list(choices, None))
    with _wire(choices.address, choices) as wire:
        statement = _known(wire)
        sys.exit(_list(choices, statement) if choices.list_ else _check(wire, statement, choices))


def _check(wire: Wire, statement: Statement, choices: Choices) -> int:
    claims = _chosen(table(statement), choices)
    run = Run(
        wire,
        statement,
        ours=choices.ours or statement.is_ours,
        task_system=choices.task_system,
        patience=choices.patience,
    )
    began = time.monotonic()
    _begin(run, claims)
    results = list(_results(run, claims, choices))
    left = run.tidy()
    if not choices.json_:
        show(_console(), results)
    _end(results, left, time.monotonic() - began)
    return int(any(each.verdict.outcome is Outcome.FAILED for each in results))


def _results(run: Run, claims: Sequence[Claim], choices: Choices) -> Iterator[Result]:
    with progress(Console(stderr=True), len(claims)) as begin:
        for each in claims:
            begin(each)
            began = time.monotonic()
            result = Result(each, each.judge(run), time.monotonic() - began)
            if choices.json_:
                click.echo(result.line())
            yield result


def _list(choices: Choices, statement: Statement | None) -> int:
    claims = _chosen(CLAIMS if statement is None else table(statement), choices)
    rows = [(each.id, each.clause, each.says, each.ours) for each in claims]
    rows += [] if statement or choices.only else [(*each, False) for each in TEMPLATES]
    if not choices.json_:
        listing(_console(), rows)
        return 0
    for row in rows:
        click.echo(json.dumps(dict(zip(("id", "clause", "says", "ours"), row, strict=True))))
    return 0


def _wire(address: str, choices: Choices) -> Wire:
    pairs = [each.partition(":") for each in choices.header]
    return Wire(
        address,
        timeout=choices.timeout,
        read_only=choices.read_only,
        headers={name.strip(): value.strip() for name, _, value in pairs},
    )


def _known(wire: Wire) -> Statement:
    """The server's statement; without one the program ends with status 2 and one sentence."""
    try:
        statement = statement_of(expect.status(wire.get("metadata"), 200).body)
    except NoAnswer as reason:
        click.echo(
            f"{wire.base} cannot be reached: {reason}. Is it running, and is it this address?", err=True
        )
        sys.exit(2)
    except (NoStatement, Unmet) as reason:
        click.echo(f"{wire.base} is not the base of a FHIR server: {reason}.", err=True)
        sys.exit(2)
    wire.known_as = statement.base or wire.base
    return statement


def _chosen(claims: Sequence[Claim], choices: Choices) -> list[Claim]:
    unknown = [each for each in choices.only if not chosen(claims, [each])]
    if unknown:
        raise click.BadParameter(f"no claim is called {unknown[0]}; --list prints them", param_hint="--only")
    return chosen(claims, choices.only)


def _begin(run: Run, claims: Sequence[Claim]) -> None:
    says = run.statement.body.get("software", {}).get("name", "a FHIR server")
    click.echo(f"{run.wire.base}: {says}, {counted(len(claims))}.", err=True)
    if run.read_only:
        click.echo("Only reading; what would write is not run.", err=True)
    else:
        click.echo(
            f"Made-up identifiers of this run begin with {run.token} ({SYSTEM}, {run.task_system}).", err=True
        )


def _end(results: Sequence[Result], left: Sequence[str], seconds: float) -> None:
    for each in left:
        click.echo(f"Left as it is: {each}", err=True)
    click.echo(summary(results, seconds), err=True)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_NARROWEST)
