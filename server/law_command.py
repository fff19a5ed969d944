"""``law``: the law of cases as the architecture page prints it."""

from __future__ import annotations

import click

from server.case import ACCOUNTABLE, LAW, Move


@click.command()
def law() -> None:
    """Print the law of cases as a Markdown table: which event may move a case from where to where."""
    click.echo(law_table())


def law_table() -> str:
    """The law; states from which an event leads to the same place share a line."""
    head = "| state | event | leads to | who answers for it then | first read | AI read |"
    rule = "|---|---|---|---|---|---|"
    back = "| held, faulted | resumed by a person | where it stood | as it was | any | any |"
    alike: dict[tuple[str, ...], list[str]] = {}
    for move in LAW:
        alike.setdefault(_law_cells(move), []).append(move.state)
    rows = (" | ".join((", ".join(states), *cells)) for cells, states in alike.items())
    return "\n".join((head, rule, *(f"| {row} |" for row in rows), back))


def _law_cells(move: Move) -> tuple[str, ...]:
    first = " or ".join(move.first) or "any"
    ai = " or ".join(move.ai) or "any"
    stays = move.to is move.state
    return (
        move.event,
        "where it stood" if stays else move.to,
        "as it was" if stays else ACCOUNTABLE[move.to],
        f"{first}, becomes {move.sets_first}" if move.sets_first else first,
        f"{ai}, becomes {move.sets_ai}" if move.sets_ai else ai,
    )
