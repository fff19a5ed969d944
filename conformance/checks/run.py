"""One run of the checks against one server: its wire, its statement, its fresh names, what it has made."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from conformance.checks.exchange import Wire
from conformance.checks.statement import Statement
from conformance.checks.verdict import MISSHAPEN, PREMISES, Unmet
from conformance.peers.client import FhirClient
from conformance.peers.codes import Resource

T = TypeVar("T")

SYSTEM = "https://checks.example"
"""Namespace of identifiers that the checks make up."""
_LOOK = 0.05
"""Seconds between two looks at something that is awaited."""


@dataclass(slots=True)
class Run:
    """What the attempts of one run share."""

    wire: Wire
    statement: Statement
    ours: bool = False
    """Whether our own rules are tried too."""
    task_system: str = "https://ehr.example/task"
    """System of the placer's identifier on Tasks that ask for a second reading."""
    patience: float = 30.0
    """Seconds to wait for what the server does by itself."""
    pause: Callable[[float], None] = time.sleep
    token: str = field(default_factory=lambda: f"check-{secrets.token_hex(4)}")
    """Every made-up identifier begins with it; no other run has it."""
    afterwards: list[Callable[[], object]] = field(default_factory=list)
    """What ends the made-up cases that are still open; the last one first."""
    _names: int = 0
    _in_vain: bool = False
    """Something was awaited for the whole patience and did not come; what follows gets a tenth of it."""
    _kept: dict[str, Any] = field(default_factory=dict)

    @property
    def read_only(self) -> bool:
        return self.wire.read_only

    @property
    def client(self) -> FhirClient:
        """The peers' own client, over the same connections."""
        return FhirClient(self.wire.base, http=self.wire.http)

    def fresh(self) -> str:
        """A name that nothing has yet."""
        self._names += 1
        return f"{self.token}-{self._names}"

    def identifier(self) -> Resource:
        return {"system": f"{SYSTEM}/id", "value": self.fresh()}

    def once(self, key: str, make: Callable[[], T]) -> T:
        """What ``make`` gives, made once in this run; a failure to make it is remembered too."""
        if key not in self._kept:
            try:
                self._kept[key] = make()
            except (*PREMISES, *MISSHAPEN) as reason:
                self._kept[key] = reason
        kept = self._kept[key]
        if isinstance(kept, Exception):
            raise kept
        made: T = kept
        return made

    def until(
        self,
        look: Callable[[], T],
        done: Callable[[T], object],
        what: str,
        still: Callable[[T], str] = lambda _: "nothing of the kind",
    ) -> T:
        """Look again and again; ``still`` words what was seen last.

        Raises:
            Unmet: what is awaited did not come to pass in time.
        """
        patience = self.patience / 10 if self._in_vain else self.patience
        deadline = time.monotonic() + patience
        while not done(found := look()):
            if time.monotonic() > deadline:
                self._in_vain = True
                raise Unmet(what, f"after {patience:g} s (--patience): {still(found)}")
            self.pause(_LOOK)
        return found

    def tidy(self) -> list[str]:
        """End what is still open; returns what could not be ended, and why."""
        left = []
        while self.afterwards:
            try:
                self.afterwards.pop()()
            except (*PREMISES, *MISSHAPEN) as reason:
                left.append(
                    f"{type(reason).__name__}: {reason}" if isinstance(reason, MISSHAPEN) else str(reason)
                )
        return left
