"""``policy``: what policies make of every case, what to expect of one, and how one is changed."""

from __future__ import annotations

import click

from server.routing.ends import cells_table


@click.group()
def policy() -> None:
    """Policies: what their rules make of every case."""


@policy.command()
def cells() -> None:
    """Print, as a Markdown table, how each rule ends each pair of answers."""
    click.echo(cells_table())
