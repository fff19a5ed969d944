"""Under which circumstances a search is asked: by whom, where, when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from server.query import ALWAYS, NEVER, Test


def everything(type_: str) -> Test | None:
    """What somebody sees who may see all."""
    del type_
    return ALWAYS


@dataclass(frozen=True, slots=True)
class Asker:
    base: str
    """Our own address: what it begins with is here."""
    at: datetime
    visible: Callable[[str], Test | None] = everything
    """Which resources of a type may be seen; None for none at all."""

    def sees(self, type_: str) -> tuple[Test, ...]:
        """The tests to add wherever resources of this type are looked for."""
        test = self.visible(type_)
        if test is None:
            return (NEVER,)
        return () if test == ALWAYS else (test,)
