"""What of the scopes that are asked for a client gets: the part that it is registered for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from server.caller import Scope

_LONGEST_QUERY = 500


def granted(asked: Sequence[Scope], registered: Sequence[Scope]) -> tuple[Scope, ...]:
    """The part of ``asked`` that ``registered`` allows; perhaps nothing.

    Every type at once is granted only to whoever is registered for every type at once.
    """
    found = (each for one in asked for other in registered for each in _shared(one, other))
    return tuple(dict.fromkeys(found))


def _shared(asked: Scope, registered: Scope) -> Iterator[Scope]:
    letters = "".join(each for each in asked.letters if each in registered.letters)
    query = _both(asked.query, registered.query)
    if registered.type in ("*", asked.type) and letters and len(query) <= _LONGEST_QUERY:
        yield Scope(asked.type, letters, query)


def _both(asked: str, registered: str) -> str:
    """Criteria that mean both, as search parameters that stand side by side do."""
    conditions = [*asked.split("&"), *registered.split("&")]
    return "&".join(dict.fromkeys(each for each in conditions if each))
