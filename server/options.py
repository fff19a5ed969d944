"""Kinds of options on the command line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from server.routing.simulation.ways import Band
from server.words import one_line


class Words(click.ParamType[str]):
    """A name or a reason that others will read."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return one_line(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Rates(click.ParamType[tuple[float, float]]):
    """How often a reader is right of the ill and of the well."""

    name = "sensitivity/specificity"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float]:
        found = _numbers(str(value), 2)
        if found is None or not all(0 < each < 1 for each in found):
            self.fail("must be two numbers between 0 and 1, such as 0.85/0.93", param, ctx)
        return found[0], found[1]


class InBand(click.ParamType[tuple[str, Band]]):
    """How many of the cases a risk band has, and how many of those are ill."""

    name = "name=share/prevalence"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Band]:
        name, _, numbers = str(value).partition("=")
        found = _numbers(numbers, 2)
        if not name or found is None or not all(0 < each < 1 for each in found):
            self.fail("must be a name and two numbers between 0 and 1, such as pressing=0.1/0.05", param, ctx)
        return name, Band(*found)


def _numbers(text: str, count: int) -> tuple[float, ...] | None:
    try:
        found = tuple(float(each) for each in text.split("/"))
    except ValueError:
        return None
    return found if len(found) == count else None


class Moment(click.ParamType[datetime]):
    """A moment in time."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            found: datetime | None = datetime.fromisoformat(str(value))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            self.fail("must be a time with its zone, such as 2026-02-01T06:00:00+01:00", param, ctx)
        return found


WORDS = Words()
LIMIT = click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="How many.")
BY = click.option("--by", required=True, type=WORDS, help="Who says so; stands in the history.")
MOMENT = Moment()
RATES = Rates()
BAND = InBand()
