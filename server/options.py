"""Kinds of options on the command line."""

from __future__ import annotations

from typing import Any

import click

from server.words import one_line


class Words(click.ParamType[str]):
    """A name or a reason that others will read."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return one_line(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


WORDS = Words()
