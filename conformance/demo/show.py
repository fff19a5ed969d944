"""What the demonstration prints. Every line says when, who, and what was seen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from conformance.demo.cases import Story
from conformance.demo.verdict import Ending

_LONG_ID = re.compile(r"(?<!Task/)\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Ids that nobody types; those of Tasks stay whole, to be looked up."""

_COLOURS = {
    "ehr": "cyan",
    "modality": "blue",
    "pacs": "blue",
    "ris": "blue",
    "second reader": "magenta",
    "case": "bright_black",
    "specialist": "green",
}


class Show:
    """Prints to a rich console; may be used from several threads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._zero = datetime.now(UTC)

    def say(self, text: str) -> None:
        self._console.print(Text(text))

    def begin(self, number: int, of: int, story: Story) -> None:
        """A new case; times are counted from here."""
        self._zero = datetime.now(UTC)
        self._console.print()
        self._console.print(Rule(Text(f"{number} of {of}: {story.title}", style="bold"), align="left"))
        self._console.print(Text(f"As it should go: {story.told}", style="italic"))

    def line(self, who: str, text: str, at: datetime | None = None) -> None:
        """One thing that happened; without ``at`` it happened now."""
        moment = at or datetime.now(UTC)
        clock = moment.astimezone().strftime("%H:%M:%S.%f")[:-3]
        since = (moment - self._zero).total_seconds()
        head = Text(f"{clock} {since:+8.3f} s  ", style="bright_black")
        head.append(f"{who:<13} ", style=_COLOURS.get(who, ""))
        indent = len(head)
        body = Text(_LONG_ID.sub(r"\1", text), style="bright_black" if who == "case" else "")
        grid = Table.grid()
        grid.add_column(width=indent, no_wrap=True)
        grid.add_column()
        grid.add_row(head, body)
        self._console.print(grid)

    def ended(self, ending: Ending) -> None:
        if not ending.differs:
            self._console.print(Text(f"As told, after {ending.seconds:.1f} s.", style="green"))
        for each in ending.differs:
            self._console.print(Text(f"Not as told: {each}.", style="bold red"))

    def summary(self, endings: Sequence[Ending]) -> None:
        """One row for each case, read from the hospital's chart; for films, from its archive too."""
        films = [each for each in endings if each.story.imaging]
        values = [each for each in endings if not each.story.imaging]
        if values:
            self._table("What the hospital found in its own chart", values)
        if films:
            self._table("... and with films, in its archive", films, archive=True)

    def _table(self, title: str, endings: Sequence[Ending], *, archive: bool = False) -> None:
        table = Table(title=title, title_justify="left")
        table.add_column("Case", max_width=26)
        for name in ("First report", "AI opinion", "Referral", "Specialist"):
            table.add_column(name)
        table.add_column("Ended", no_wrap=True)
        table.add_column("Archive" if archive else "AI reports", justify="left" if archive else "right")
        table.add_column("s", justify="right")
        table.add_column("", no_wrap=True)
        for each in endings:
            table.add_row(*_row(each, archive=archive), style="" if not each.differs else "red")
        self._console.print()
        self._console.print(table)

    def places(self, places: Sequence[tuple[str, str]]) -> None:
        """Addresses to open, each with what is there."""
        grid = Table.grid(padding=(0, 2))
        for what, where in places:
            grid.add_row(Text(what), Text(where, style="underline" if where.startswith("http") else "bold"))
        self._console.print()
        self._console.print(grid)

    def commands(self, commands: Sequence[tuple[str, str]]) -> None:
        """Commands to copy: what each does, and the command on a line that is never broken."""
        self._console.print()
        for what, command in commands:
            if what:
                self._console.print(Text(what))
            self._console.print(Text(f"  {command}", style="bold"), soft_wrap=True)


def _row(ending: Ending, *, archive: bool) -> tuple[str, ...]:
    chart = ending.chart
    return (
        ending.story.title,
        chart.first or "-",
        chart.ai or "-",
        chart.priority or "-",
        chart.specialist or "-",
        chart.business or chart.status or "-",
        (", ".join(chart.archived) or "-") if archive else str(chart.ai_reports),
        f"{ending.seconds:.1f}",
        "not as told" if ending.differs else "as told",
    )
