"""Which test answers which row of a catalogue of bad input, and which rows do not apply.

A row's test says its number itself: as the id of a row in a table, in its name (``test_d025_...``) or
beside it. Where another test answers a row, ``answered`` says which.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Catalogue:
    """The rows of one door."""

    letter: str
    count: int
    folders: tuple[str, ...]
    """Of a path one must be part: elsewhere the same letter may mean something else."""
    answered: Mapping[str, str]
    """Row -> the test that answers it."""
    does_not_apply: Mapping[str, str]
    """Row -> why."""
    differs: Mapping[str, str]
    """Row -> how its answer differs from the catalogue's, and why; its test holds ours."""

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(f"{self.letter}-{number:03}" for number in range(1, self.count + 1))

    def marked(self) -> dict[str, set[str]]:
        """Row -> the test modules that say its number."""
        letters = f"{self.letter}{self.letter.lower()}"
        said = re.compile(rf"(?<![A-Za-z0-9])[{letters}][-_]?(\d{{3}})(?=[a-z]?(?![A-Za-z0-9]))")
        found: dict[str, set[str]] = {}
        for path in sorted((ROOT / "tests").rglob("*.py")):
            where = str(path.relative_to(ROOT))
            if path.name != "catalogue.py" and any(each in where for each in self.folders):
                for number in said.findall(path.read_text(encoding="utf-8")):
                    found.setdefault(f"{self.letter}-{number}", set()).add(where)
        return found

    def missing(self) -> list[str]:
        here = {*self.marked(), *self.answered, *self.does_not_apply}
        return [each for each in self.rows if each not in here]

    def told(self) -> str:
        """The count, and each row that is not answered as the catalogue asks."""
        here = self.marked()
        answered = [each for each in self.rows if each in here or each in self.answered]
        idle = [each for each in self.rows if each in self.does_not_apply and each not in answered]
        counted = (
            f"{self.count} rows: {len(answered)} answered by a test ({len(self.differs)} of them otherwise "
            f"than the catalogue asks), {len(idle)} do not apply, {len(self.missing())} open"
        )
        lines = [
            counted,
            *(f"{row} does not apply: {self.does_not_apply[row]}" for row in idle),
            *(f"{row} differs: {why}" for row, why in self.differs.items()),
            *(f"{row} is open" for row in self.missing()),
        ]
        return "\n".join(lines)


def exists(test: str) -> bool:
    """``tests/x.py::test_name``."""
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(isinstance(each, ast.FunctionDef) and each.name == name for each in ast.walk(tree))
