"""Pages filled with what may be shown: a short or an empty one would tell that there is more that may not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.ports import Stored, Stretch

_AT_ONCE = 500
_Name = tuple[str, str, int]


def filled(
    ask: Callable[[int, str | None], Stretch],
    keep: Callable[[Sequence[Stored]], Sequence[Stored]],
    limit: int,
    after: str | None,
) -> Stretch:
    """The first ``limit`` of what ``keep`` leaves, and the way on only if more of that comes.

    ``ask`` gives the next so many after a place. What is left out of most of a long past is looked for in
    ever longer stretches.
    """
    found, places, size = list[Stored](), list[str](), limit + 1
    while limit:
        stretch = ask(size, after)
        kept = {_name(each) for each in keep(stretch.found)}
        for each, place in zip(stretch.found, stretch.places, strict=True):
            if _name(each) in kept:
                found.append(each)
                places.append(place)
        if len(found) > limit:
            return Stretch(tuple(found[:limit]), places[limit - 1], tuple(places[:limit]))
        if stretch.next is None:
            break
        after, size = stretch.next, max(size, min(2 * size, _AT_ONCE))
    return Stretch(tuple(found), None, tuple(places))


def _name(stored: Stored) -> _Name:
    return stored.type, stored.id, stored.version
