"""Segments into groups: each goes to the first place after the last one that takes it, innermost first."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.hl7v2.grammar.profile import FOLLOWERS, ONE_ORDER
from server.hl7v2.grammar.structure import Part, Shape
from server.hl7v2.message import Group, Segment
from server.hl7v2.refusal import Code, Place, Refusal


@dataclass(slots=True)
class Open:
    """A group that is being filled."""

    shape: Shape
    at: int = 0
    """The part that was filled last; what comes before it is over."""
    counts: dict[int, int] = field(default_factory=dict)
    parts: list[Segment | Group] = field(default_factory=list)

    def place_for(self, name: str) -> int | None:
        """The first part from here on that may be, or begin with, a segment of this name."""
        for place in self.shape.starts.get(name, ()):
            if place >= self.at and self.shape.parts[place].has_room(self.counts.get(place, 0)):
                return place
        return None

    def late_place(self, name: str) -> int | None:
        """A part that is over but would still take it."""
        for place, part in enumerate(self.shape.parts):
            if part.name == name and part.group is None and part.has_room(self.counts.get(place, 0)):
                return place
        return None

    def take(self, place: int) -> None:
        self.counts[place] = self.counts.get(place, 0) + 1


@dataclass(frozen=True, slots=True)
class Missing:
    """A part that the structure asks for, and the segment that it begins with."""

    group: str
    segment: str


@dataclass(frozen=True, slots=True)
class Walked:
    content: Group
    extra: tuple[Segment, ...]
    missing: tuple[Missing, ...]
    notes: tuple[str, ...]


def walk(segments: tuple[Segment, ...], shape: Shape, own: frozenset[str]) -> Walked:
    """``own``: Z segments that are known and stand in ``extra`` without a word.

    Raises:
        Refusal: a segment stands where no reading of the structure has a place for it.
    """
    return _Walk(shape, own).all(segments)


class _Walk:
    def __init__(self, shape: Shape, own: frozenset[str]) -> None:
        self._whole = shape
        self._own = own
        self._path = [Open(shape)]
        self._extra: list[Segment] = []
        self._missing: dict[Missing, None] = {}
        self._notes: dict[str, None] = {}

    def all(self, segments: tuple[Segment, ...]) -> Walked:
        for segment in segments:
            self._one(segment)
        while len(self._path) > 1:
            self._close()
        content = self._group(self._path[0])
        return Walked(content, tuple(self._extra), tuple(self._missing), tuple(self._notes))

    def _one(self, segment: Segment) -> None:
        name = segment.name
        if name not in self._whole.inside:
            self._extra.append(segment)
            if name not in self._own:
                self._notes[f"segment-without-place {name}"] = None
            return
        if name == "ORC" and any(each.shape.name == ONE_ORDER for each in self._path):
            raise self._misplaced(
                segment, "after prior results it could be one more of them or the next order"
            )
        for depth in range(len(self._path) - 1, -1, -1):
            place = self._path[depth].place_for(name)
            if place is not None:
                while len(self._path) > depth + 1:
                    self._close()
                self._put(segment, place)
                return
        self._late(segment)

    def _put(self, segment: Segment, place: int) -> None:
        """In the innermost group, or in a new one within it."""
        here = self._path[-1]
        part: Part = here.shape.parts[place]
        here.at = place
        here.take(place)
        if part.group is None:
            here.parts.append(segment)
            return
        self._path.append(Open(part.group))
        self._put(segment, part.group.starts[segment.name][0])

    def _late(self, segment: Segment) -> None:
        """Out of order, but there is one group only that it can belong to."""
        found = [(each, each.late_place(segment.name)) for each in self._path]
        places = [(each, place) for each, place in found if place is not None]
        places = places[-1:] if segment.name in FOLLOWERS else places
        if len(places) != 1:
            raise self._misplaced(segment, f"{self._whole.name} has no place left for it")
        here, place = places[0]
        here.take(place)
        here.parts.append(segment)
        self._notes[f"segment-out-of-order {segment.name}"] = None

    def _misplaced(self, segment: Segment, why: str) -> Refusal:
        return Refusal(
            Code.SEQUENCE,
            "segment-sequence",
            f"{segment.name} must not stand here: {why}",
            Place(segment.name, segment.sequence),
        )

    def _close(self) -> None:
        done = self._path.pop()
        self._path[-1].parts.append(self._group(done))

    def _group(self, done: Open) -> Group:
        for place, part in enumerate(done.shape.parts):
            if done.counts.get(place, 0) < part.least:
                self._missing[Missing(done.shape.name, _begins(part))] = None
        return Group(done.shape.name, tuple(done.parts))


def _begins(part: Part) -> str:
    """The segment that a part cannot be without."""
    if part.group is None:
        return part.name
    required = next((each for each in part.group.parts if each.least), part.group.parts[0])
    return _begins(required)
