"""What a run prints: a table for people, a line of JSON for programs, how far it has come."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from conformance.checks.claim import Claim
from conformance.checks.verdict import Outcome, Verdict

_COLOURS = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_RUN: "yellow"}


@dataclass(frozen=True, slots=True)
class Result:
    """One claim and how it ended."""

    claim: Claim
    verdict: Verdict
    seconds: float

    def line(self) -> str:
        """One object; what does not apply is null."""
        claim, verdict = self.claim, self.verdict
        told = {
            "id": claim.id,
            "outcome": str(verdict.outcome),
            "clause": claim.clause,
            "says": claim.says,
            "ours": claim.ours,
            "expected": verdict.expected or None,
            "came": verdict.came or None,
            "why": verdict.why or None,
            "seconds": round(self.seconds, 3),
        }
        return json.dumps(told, ensure_ascii=False)


def show(console: Console, results: Sequence[Result]) -> None:
    """The table of a run."""
    table = Table(title="What the server claims", title_justify="left", show_lines=False)
    table.add_column("Claim", overflow="fold", ratio=2)
    table.add_column("Ended", no_wrap=True)
    table.add_column("What must hold, and what came", overflow="fold", ratio=5)
    for each in results:
        outcome = each.verdict.outcome
        table.add_row(Text(each.claim.id), Text(str(outcome), style=_COLOURS[outcome]), _told(each))
    console.print(table)


def listing(console: Console, rows: Sequence[tuple[str, str, str, bool]]) -> None:
    """The table of claims, nothing tried: id, clause, sentence, whether it is ours."""
    table = Table(title="Claims", title_justify="left")
    table.add_column("Claim", overflow="fold", ratio=2)
    table.add_column("Rests on", overflow="fold", ratio=2)
    table.add_column("Ours", no_wrap=True)
    table.add_column("What must hold", overflow="fold", ratio=4)
    for name, clause, says, ours in rows:
        table.add_row(Text(name), Text(clause), "ours" if ours else "", Text(says))
    console.print(table)


def summary(results: Sequence[Result], seconds: float) -> str:
    counts = Counter(each.verdict.outcome for each in results)
    told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome)
    return f"{counted(len(results))} in {seconds:.1f} s: {told}."


def counted(claims: int) -> str:
    return f"{claims} claim{'' if claims == 1 else 's'}"


@contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[Claim], None]]:
    """Gives a function to call with each claim that is about to be tried: a bar, on a terminal."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total, completed=-1)

        def begin(claim: Claim) -> None:
            bar.update(task, advance=1, description=claim.id)

        yield begin


def _told(result: Result) -> Text:
    verdict = result.verdict
    text = Text(result.claim.says)
    if verdict.outcome is Outcome.FAILED:
        text.append(f"\n{result.claim.clause}", style="bright_black")
        text.append(f"\nexpected {verdict.expected}\ncame     {verdict.came}", style="red")
    elif verdict.why:
        text.append(f"\n{verdict.why}", style="bright_black")
    return text
