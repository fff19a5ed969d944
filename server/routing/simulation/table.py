"""The rows of a simulation as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_COLUMNS = (
    # heading, key
    ("sens.", "sensitivity"),
    ("spec.", "specificity"),
    ("asked", "asked"),
    ("audits", "audited"),
    ("differed", "differedGivenAsked"),
    ("saved", "saved"),
)
_WIDTH = 9
CAVEAT = """\
asked: share of cases that go to a specialist. differed: how often the model had, given that one is asked.
saved: human minutes against full double reading, in which a third reads what two read differently.
Bounds, not forecasts: readers who see one another's marks, or a model that drifts, do otherwise."""


def table(rows: Sequence[dict[str, Any]], notes: Sequence[str] = ()) -> str:
    """All rows in percent, minutes for each case; below, what the first row saves at other weights.

    ``notes``: what is to be known of the first row besides.
    """
    wide = max(len(row["way"]) for row in rows)
    head = "".join(f"{name:>{_WIDTH}}" for name, _ in _COLUMNS)
    return "\n".join(
        (
            f"{'in %':<{wide}}{head}{'minutes':>{_WIDTH}}",
            *_lines(rows, wide),
            "",
            _by_weight(rows[0]),
            *notes,
            CAVEAT,
        )
    )


def _lines(rows: Sequence[dict[str, Any]], wide: int) -> Iterator[str]:
    for row in rows:
        shares = "".join(f"{_percent(row[key]):>{_WIDTH}}" for _, key in _COLUMNS)
        yield f"{row['way']:<{wide}}{shares}{row['minutes']:>{_WIDTH}.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"


def _by_weight(row: dict[str, Any]) -> str:
    each = ", ".join(f"{weight}: {100 * saved:.1f} %" for weight, saved in row["savedByWeight"].items())
    return f"{row['way']} saves, where a specialist's read takes as long as so many first ones: {each}"
