"""``policy``: what policies make of every case, what to expect of one, and how one is changed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from server.errors import Category, fault
from server.model import Policy
from server.policy_changes import approve, propose, reject
from server.policy_gate import gate
from server.policy_listing import listed, show
from server.policy_switching import normal, safe
from server.routing.ends import cells_table
from server.routing.figures import figures, lines
from server.routing.policy import read_policy
from server.routing.replay import read_set
from server.routing.replay import replay as replayed
from server.simulating import costs, simulate


@click.group()
def policy() -> None:
    """Policies: what their rules make of every case, and what to expect of one before it is used."""


for each in (simulate, costs, propose, approve, reject, listed, show, gate, safe, normal):
    policy.add_command(each)


@policy.command()
def cells() -> None:
    """Print, as a Markdown table, how each rule ends each pair of answers."""
    click.echo(cells_table())


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@policy.command()
@click.option("--before", required=True, type=_FILE, help="The policy file in force.")
@click.option("--after", required=True, type=_FILE, help="The one that is proposed.")
@click.option("--cases", required=True, type=_FILE, help="The frozen set: one JSON object a line.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def replay(before: Path, after: Path, cases: Path, as_json: bool) -> None:
    """Print whom a proposed policy would have asked in past cases, beside the policy in force.

    A case is {"first", "model"}, each present, absent or null, and where known "probability", "silence"
    (why the model said nothing), "priority", and "final", the specialist's answer.
    """
    was, now = _policy(before), _policy(after)
    found = replayed(read_set(cases.read_bytes(), cases.name), was, now)
    told = figures(found)
    click.echo(json.dumps(told, indent=2) if as_json else "\n".join(lines(told)))


def _policy(file: Path) -> Policy:
    try:
        return read_policy(file.read_text(encoding="utf-8"), file.name)
    except UnicodeDecodeError as error:
        raise fault(Category.INCORRECT, "structure", f"{file.name} is not a policy file in UTF-8") from error
