"""The rules as people read them: one row for each pair of answers, one column for each rule."""

from __future__ import annotations

from server.model import Answer, Grounds
from server.routing.rules import NAMES, TABLE, Cell, Said

_AGREED = {
    Answer.PRESENT: (Said.PRESENT, Said.SURELY_PRESENT),
    Answer.ABSENT: (Said.ABSENT, Said.SURELY_ABSENT),
}


def cells_table() -> str:
    """Every (rule, first answer, model's answer) with its one end, as Markdown."""
    head = f"| first reader | model | {' | '.join(NAMES)} |"
    rule = f"|{'---|' * (2 + len(NAMES))}"
    return "\n".join((head, rule, *(_row(cell) for cell in TABLE)))


def end_of(cell: Cell, grounds: Grounds | None) -> str:
    """In words what a rule makes of a pair of answers."""
    if grounds is not None:
        return f"specialist: {grounds}"
    first, said = cell
    return "ends: agreed" if first and said in _AGREED[first] else "ends: first report stands"


def _row(cell: Cell) -> str:
    first, said = cell
    return f"| {first or 'no usable code'} | {said} | {' | '.join(end_of(cell, e) for e in TABLE[cell])} |"
