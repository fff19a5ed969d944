"""One parameter with its values -> a test, by its kind and its modifier (R4 search.html#modifiers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from server.fhir.query import amounts, moments, references, texts, tokens
from server.fhir.query.escapes import split
from server.fhir.query.named import Named
from server.fhir.rows.extraction import component_leaves
from server.query import Composite, Kind, Missing, Not, Test

Reader = Callable[[Named, list[str]], Test]
MOST_VALUES = 100
LONGEST = 4_000
_MISSING = {"true": True, "false": False}

_READERS: Mapping[str, Mapping[str, Reader]] = {
    "token": {
        "": tokens.token,
        "not": lambda asked, values: Not(tokens.token(asked, values)),
        "of-type": tokens.typed,
        "text": texts.beside,
    },
    "string": {"": texts.starts, "contains": texts.contains, "exact": texts.exact},
    "phonetic": {"": texts.sounding},
    "uri": {"": texts.uri, "below": texts.below, "above": texts.above},
    "reference": {"": references.reference, "identifier": references.identified},
    "date": {"": moments.date},
    "number": {"": amounts.number},
    "quantity": {"": amounts.quantity},
}
_SPELLED = {"ofType": "of-type"}
"""R4's code for the modifier, and R4's text."""
_TERMINOLOGY = frozenset({"in", "not-in", "above", "below"})
_WORDED = frozenset({"Coding", "CodeableConcept", "Identifier"})
KINDS: Mapping[str, Kind] = {
    "token": Kind.TOKEN,
    "uri": Kind.TOKEN,
    "string": Kind.TEXT,
    "reference": Kind.REFERENCE,
    "date": Kind.DATE,
    "number": Kind.NUMBER,
    "quantity": Kind.NUMBER,
}


def values_of(asked: Named, text: str) -> list[str]:
    """The values between commas, still escaped; empty ones say nothing.

    Raises:
        Fault: INCORRECT when there is none, or more than anybody would ask for.
    """
    if text.count(",") >= MOST_VALUES or len(text) > MOST_VALUES * LONGEST:
        raise asked.refused(f"1 to {MOST_VALUES} values are accepted", "too-costly")
    found = [each for each in split(text, ",") if each]
    if not found:
        raise asked.refused(f"1 to {MOST_VALUES} values are accepted")
    if any(len(each) > LONGEST for each in found):
        raise asked.refused(f"values of up to {LONGEST} characters are accepted", "too-long")
    return found


def tested(asked: Named, text: str) -> Test:
    """The test that one parameter with these values is.

    Raises:
        Fault: INCORRECT, saying what is accepted.
    """
    kind = asked.parameter.type
    if asked.modifier == "missing" and kind in KINDS:
        return _missing(asked, text)
    values = values_of(asked, text)
    if kind == "composite" and not asked.modifier:
        return Composite(tuple(_together(asked, each) for each in values))
    return _reader(asked)(asked, values)


def modifiers(asked: Named) -> list[str]:
    """Those that are accepted, ``:missing`` and types apart."""
    found = [each for each in _READERS.get(_kind(asked), {}) if each]
    if "of-type" in found and "Identifier" not in asked.types:
        found.remove("of-type")
    if "text" in found and not asked.types & _WORDED:
        found.remove("text")
    return found


def _reader(asked: Named) -> Reader:
    modifier = _SPELLED.get(asked.modifier, asked.modifier)
    readers = _READERS.get(_kind(asked), {})
    if modifier in ("", *modifiers(asked)) and modifier in readers:
        return readers[modifier]
    if asked.parameter.type == "reference" and modifier in references.leads_to(asked):
        return readers[""]
    raise _unknown_modifier(asked)


def _unknown_modifier(asked: Named) -> Exception:
    if asked.modifier in _TERMINOLOGY and asked.parameter.type in ("token", "reference"):
        return asked.refused(
            "modifiers that ask a terminology or a hierarchy are not supported: none is at hand here; "
            "give the codes themselves",
            "not-supported",
        )
    accepted = [*modifiers(asked), *(["missing"] if asked.parameter.type in KINDS else [])]
    if asked.parameter.type == "reference":
        accepted += references.leads_to(asked)
    text = f"accepted modifiers: {', '.join(accepted)}" if accepted else "no modifier is accepted"
    return asked.refused(text, "not-supported")


def _kind(asked: Named) -> str:
    return "phonetic" if asked.parameter.usage == "phonetic" else asked.parameter.type


def _missing(asked: Named, text: str) -> Test:
    if text not in _MISSING:
        raise asked.refused("after :missing, true or false is accepted")
    return Missing(asked.param, KINDS[asked.parameter.type], _MISSING[text])


def _together(asked: Named, text: str) -> tuple[Test, ...]:
    """``code$value``: each part is a value of one component, prefix and all."""
    components, parts = asked.parameter.components, split(text, "$")
    if len(parts) != len(components) or not all(parts):
        names = "$".join(each.code for each in components)
        raise asked.refused(rf"{names} is accepted; a dollar sign within a value is written \$")
    return tuple(
        _READERS[component.type][""](_component(asked, number), [part])
        for number, (component, part) in enumerate(zip(components, parts, strict=True))
    )


def _component(asked: Named, number: int) -> Named:
    component = asked.parameter.components[number]
    parameter = replace(asked.parameter, type=component.type, expression="", components=())
    elements = component_leaves(asked.type, asked.parameter.code)[number]
    return replace(
        asked,
        parameter=parameter,
        param=f"{asked.param}.{number}",
        told=f"{asked.told}, {component.code}",
        elements=elements,
    )
