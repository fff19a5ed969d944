"""A line in its fields, repetitions, components and subcomponents (HL7 v2.8 section 2.5)."""

from __future__ import annotations

from server.hl7v2.message import Component, Field, Repetition, Segment
from server.hl7v2.text.delimiters import Delimiters
from server.hl7v2.text.escapes import Escapes

_EMPTY = Repetition(())
_SHORT = 40


class Fields:
    """Reads the lines of one message."""

    def __init__(self, delimiters: Delimiters, codec: str, *, switches: bool = True) -> None:
        self._delimiters = delimiters
        self.escapes = Escapes(delimiters, codec, switches=switches)
        self._seen: dict[str, Field] = {}

    def msh(self, line: str) -> Segment:
        """MSH-1 is the separator itself, and MSH-2 is not to be parted."""
        rest = line.split(self._delimiters.field)[2:]
        own = (_plain(self._delimiters.field), _plain(line.split(self._delimiters.field)[1]))
        return Segment("MSH", (*own, *map(self._field, rest)), 1)

    def segment(self, line: str, number: int, sequence: int) -> Segment:
        """The line with its name."""
        name, *fields = line.split(self._delimiters.field)
        return Segment(name, tuple([self._field(each) for each in fields]), number, sequence)

    def _field(self, text: str) -> Field:
        """Short ones come again and again: units, statuses, times."""
        if not text:
            return ()
        found = self._seen.get(text)
        if found is None:
            found = self._parted(text)
            if len(text) <= _SHORT:
                self._seen[text] = found
        return found

    def _parted(self, text: str) -> Field:
        if self._delimiters.repetition not in text:
            return (self._repetition(text),)
        return tuple([self._repetition(each) for each in text.split(self._delimiters.repetition)])

    def _repetition(self, text: str) -> Repetition:
        if not text:
            return _EMPTY
        return Repetition(tuple([self._component(each) for each in text.split(self._delimiters.component)]))

    def _component(self, text: str) -> Component:
        if self._delimiters.sub in text:
            return tuple([self._value(each) for each in text.split(self._delimiters.sub)])
        return (self._value(text),) if text else ()

    def _value(self, text: str) -> str:
        return self.escapes.decode(text) if self._delimiters.escape in text else text


def _plain(text: str) -> Field:
    return (Repetition(((text,),)),)
