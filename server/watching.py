"""What a loop waits for at a connection: told to its selector when it changes, and only then."""

from __future__ import annotations

from collections.abc import Callable
from selectors import BaseSelector
from typing import Protocol

from server.line import Line


class Watched(Protocol):
    """A connection of a loop."""

    line: Line
    watched: int
    """The selector events that it is registered for."""


def watch(selector: BaseSelector, connection: Watched, events: int, ready: Callable[[], None]) -> None:
    """``ready`` is what the loop calls when one of ``events`` comes; 0: nothing is waited for."""
    if events == connection.watched:
        return
    if not connection.watched:
        selector.register(connection.line, events, ready)
    elif not events:
        selector.unregister(connection.line)
    else:
        selector.modify(connection.line, events, ready)
    connection.watched = events
