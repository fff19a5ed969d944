"""A message as it was read: segments, fields, repetitions, components, subcomponents (HL7 v2.8 section 2.5).

Values are decoded: character set and escape sequences are behind us. An empty value says nothing; ``""``
(``NULL``) says that there is no value any more (section 2.5.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

NULL = '""'

Component = tuple[str, ...]
"""Its subcomponents."""
Field = tuple["Repetition", ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """One value of a field, or of a component that is made of parts itself."""

    components: tuple[Component, ...]

    def text(self, component: int = 1, sub: int = 1) -> str:
        """Counted from 1; empty where nothing stands, and for ``NULL``."""
        found = self.raw(component, sub)
        return "" if found == NULL else found

    def raw(self, component: int = 1, sub: int = 1) -> str:
        """As ``text``, but ``NULL`` as it stands."""
        if len(self.components) < component:
            return ""
        subs = self.components[component - 1]
        return subs[sub - 1] if len(subs) >= sub else ""

    def part(self, component: int) -> Repetition:
        """A component as a value of its own: its subcomponents are the components."""
        subs = self.components[component - 1] if len(self.components) >= component else ()
        return Repetition(tuple((each,) for each in subs))

    @property
    def empty(self) -> bool:
        return not any(sub for each in self.components for sub in each)


_NOTHING = Repetition(())


@dataclass(frozen=True, slots=True)
class Segment:
    """One line. ``fields[0]`` is field 1; of MSH that is the field separator (section 2.14.9.1)."""

    name: str
    fields: tuple[Field, ...]
    line: int
    """Counted from 1, in the message."""
    sequence: int = 1
    """Which of its name, counted from 1 (ERL.2)."""

    def repetitions(self, field: int) -> Field:
        """Those that say something; ``NULL`` is one."""
        found = self.fields[field - 1] if len(self.fields) >= field else ()
        return tuple(each for each in found if not each.empty)

    def first(self, field: int) -> Repetition:
        """The first repetition; an empty one where there is none."""
        found = self.repetitions(field)
        return found[0] if found else _NOTHING

    def text(self, field: int, component: int = 1, sub: int = 1) -> str:
        """Of the first repetition."""
        return self.first(field).text(component, sub)

    def is_null(self, field: int) -> bool:
        """The sender says that there is no value any more."""
        return self.first(field).raw() == NULL


@dataclass(frozen=True, slots=True)
class Group:
    """Segments that belong together, as the message structure says (``ORU_R01.ORDER_OBSERVATION``)."""

    name: str
    """Without the message's own name: ``ORDER_OBSERVATION``; of the whole the structure, ``ORU_R01``."""
    parts: tuple[Segment | Group, ...]

    def segments(self, name: str) -> tuple[Segment, ...]:
        """Those right in this group."""
        return tuple(each for each in self.parts if isinstance(each, Segment) and each.name == name)

    def segment(self, name: str) -> Segment | None:
        return next(iter(self.segments(name)), None)

    def groups(self, name: str) -> tuple[Group, ...]:
        """Those of this name, at any depth; none within another of the same name."""
        inner = (each for each in self.parts if isinstance(each, Group))
        found = ((each,) if each.name == name else each.groups(name) for each in inner)
        return tuple(each for some in found for each in some)

    def walk(self) -> Iterator[Segment]:
        """Every segment, in the order of the message."""
        for each in self.parts:
            if isinstance(each, Segment):
                yield each
            else:
                yield from each.walk()

    def anywhere(self, name: str) -> Segment | None:
        """The first of this name at any depth."""
        return next((each for each in self.walk() if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Message:
    """A message that met its profile."""

    code: str
    """MSH-9.1."""
    event: str
    """MSH-9.2."""
    structure: str
    """MSH-9.3, or what the event is of."""
    version: str
    """MSH-12.1."""
    header: Segment
    content: Group
    """All of it, in groups; what the structure has no place for stands in ``extra``."""
    extra: tuple[Segment, ...] = ()
    """Z segments and what stands where the structure has no place for it."""
    notes: tuple[str, ...] = ()
    """What was overlooked, each by the name of the leniency and the place, without values."""
