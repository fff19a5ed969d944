"""Whether the fields of a segment are what the standard and our profile ask for."""

from __future__ import annotations

from server.hl7v2.grammar import datatypes, profile
from server.hl7v2.grammar.datatypes import FORMS
from server.hl7v2.grammar.rules import FieldRule, SegmentRules, rules
from server.hl7v2.message import NULL, Field, Repetition, Segment
from server.hl7v2.refusal import Code, Place, Refusal

_COMPARABLE = {
    "NM": datatypes.compared,
    **{kind: check for kind, check in datatypes.CHECKS.items() if kind != "NM"},
}


def check(segment: Segment, structure: str, version: str) -> tuple[str, ...]:
    """What was overlooked.

    Raises:
        Refusal: something that we need is missing, or is not what it is said to be.
    """
    notes: list[str] = []
    asked = rules(segment.name, structure, version)
    if asked is not None:
        _fields(segment, asked, notes)
    if segment.name == "OBX":
        notes += _observed(segment)
    return tuple(notes)


def _fields(segment: Segment, asked: SegmentRules, notes: list[str]) -> None:
    have, known = len(segment.fields), len(asked.fields)
    for rule in asked.must:
        if rule.position > have or not segment.fields[rule.position - 1]:
            if rule.needed:
                raise _missing(segment, rule.position)
            notes.append(f"field-missing {segment.name}-{rule.position}")
    for place, values in enumerate(segment.fields):
        if not values:
            continue
        known_rule = asked.fields[place] if place < known else None
        if known_rule is not None:
            _valued(segment, known_rule, values, notes)
        elif not all(each.empty for each in values):
            notes.append(f"field-unknown {segment.name}-{place + 1}")


def _valued(segment: Segment, rule: FieldRule, values: Field, notes: list[str]) -> None:
    if rule.needed and not any(_says(each, rule.identifies) for each in values):
        raise _missing(segment, rule.position)
    if rule.barred:
        notes.append(f"field-unknown {segment.name}-{rule.position}")
    if rule.single and len(values) > 1:
        notes.append(f"repetition {segment.name}-{rule.position}")
    for number, each in enumerate(values, start=1):
        if len(each.components) > rule.components or rule.odd:
            _components(segment, rule, each, notes)
        for at, component in enumerate(each.components):
            if len(component) > 1 and at in rule.simple and any(component[1:]):
                _parted(segment, rule, number, at, notes)
        if not rule.plain and (text := each.text()):
            _value(rule, text, Place(segment.name, segment.sequence, rule.position, number), notes)


def _parted(segment: Segment, rule: FieldRule, number: int, at: int, notes: list[str]) -> None:
    """Its first part alone may be somebody else's number."""
    where = f"{segment.name}-{rule.position}"
    if at == 0 and (segment.name, rule.position) in profile.NUMBERS:
        raise Refusal(
            Code.DATA_TYPE,
            "separator-in-number",
            f"a separator within the number of {where} must be escaped",
            Place(segment.name, segment.sequence, rule.position, number, at + 1),
        )
    notes.append(f"subcomponent-unknown {where}")


def _components(segment: Segment, rule: FieldRule, value: Repetition, notes: list[str]) -> None:
    """One that is required may be missing where nothing is said; unknown ones are passed over."""
    where = f"{segment.name}-{rule.position}"
    have = len(value.components)
    if any(any(each) for each in value.components[rule.components :]):
        notes.append(f"component-unknown {where}")
    if value.empty or value.raw() == NULL:
        return
    for at, required in rule.odd:
        valued = at < have and any(value.components[at])
        if required and not valued:
            notes.append(f"component-missing {where}")
        if valued and not required:
            notes.append(f"component-unknown {where}")


def _says(value: Repetition, identifies: bool) -> bool:
    return bool(value.text()) if identifies else not value.empty and value.raw() != NULL


def _value(rule: FieldRule, text: str, place: Place, notes: list[str]) -> None:
    where = f"{place.segment}-{place.field}"
    if rule.check and not rule.check(text):
        if rule.used:
            raise _ill_typed(place, rule.kind)
        notes.append(f"data-type {where}")
    if rule.table is not None and text not in rule.table:
        raise Refusal(
            Code.TABLE, "table-value", f"{where} must be one of: {', '.join(sorted(rule.table))}", place
        )
    if rule.flagged is not None and text not in rule.flagged:
        notes.append(f"table-value {where}")


def _observed(segment: Segment) -> list[str]:
    """OBX-5 is what OBX-2 says (section 7.4.2.2)."""
    values = segment.repetitions(5)
    kind = segment.text(2)
    if not values:
        return []
    if not kind:
        raise _missing(segment, 2)
    looks = _COMPARABLE.get(kind)
    if looks is None:
        return []
    notes = []
    for number, each in enumerate(values, start=1):
        text = each.text()
        if text and (len(each.components) > 1 or len(each.components[0]) > 1 or not looks(text)):
            raise _ill_typed(Place("OBX", segment.sequence, 5, number), kind)
        if text and kind == "NM" and text[0] in "<>":
            notes.append("comparator-in-number OBX-5")
    return notes


def _missing(segment: Segment, position: int) -> Refusal:
    place = Place(segment.name, segment.sequence, position)
    return Refusal(Code.REQUIRED, "required-field", f"{segment.name}-{position} must be valued", place)


def _ill_typed(place: Place, kind: str) -> Refusal:
    text = f"{place.segment}-{place.field} must be {FORMS[kind]} ({kind})"
    return Refusal(Code.DATA_TYPE, "data-type", text, place)
