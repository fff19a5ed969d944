"""Texts with separators that their sender did not escape: a text has no parts, so that they belong to it.

``120^80 & stable`` under TX can be read in one way only; its first component alone would be half a finding.
"""

from __future__ import annotations

from dataclasses import replace

from server.hl7v2.grammar.rules import TEXTS, rules
from server.hl7v2.message import Field, Repetition, Segment


def mended(segment: Segment, version: str, between: str) -> tuple[Segment, tuple[str, ...]]:
    """``between``: the separators of components and of subcomponents. With what was done."""
    asked = rules(segment.name, "", version)
    texts = asked.texts if asked else ()
    if segment.name == "OBX" and segment.text(2) in TEXTS:
        texts = (*texts, 5)
    found = [
        each for each in texts if each <= len(segment.fields) and any(map(_parted, segment.fields[each - 1]))
    ]
    if not found:
        return segment, ()
    fields = list(segment.fields)
    for each in found:
        fields[each - 1] = _whole(fields[each - 1], between)
    notes = tuple(f"separator-in-text {segment.name}-{each}" for each in found)
    return replace(segment, fields=tuple(fields)), notes


def _parted(value: Repetition) -> bool:
    """Separators at its end say nothing."""
    first, *more = value.components or ((),)
    return any(first[1:]) or any(any(each) for each in more)


def _whole(values: Field, between: str) -> Field:
    component, sub = between[0], between[1]
    return tuple(
        Repetition(((component.join(sub.join(each) for each in value.components),),))
        if _parted(value)
        else value
        for value in values
    )
