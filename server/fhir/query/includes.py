"""``_include`` and ``_revinclude``: what is answered beside the matches (R4 search.html#include)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.errors import Fault
from server.fhir.bindings import KEPT
from server.fhir.definitions.parameters import Parameter
from server.fhir.query.controls import SEVERAL, Pairs
from server.fhir.query.named import refused
from server.fhir.rows.extraction import searchable

MOST_INCLUDES = 20


@dataclass(frozen=True, slots=True)
class Include:
    """One way from resources that are answered to others."""

    source: str
    """The type that holds the reference."""
    param: str
    target: str | None = None
    """Only what is of this type."""
    back: bool = False
    """From what is referred to, to what refers to it."""
    iterate: bool = False
    """From what is included too, again and again."""


def includes(type_: str, pairs: Pairs) -> tuple[Include, ...]:
    """Raises:
    Fault: INCORRECT, saying what is accepted.
    """
    asked = [(name, text) for name, text in pairs if name in SEVERAL]
    if len(asked) > MOST_INCLUDES:
        raise refused("_include", f"up to {MOST_INCLUDES} are accepted", "too-costly")
    return tuple(dict.fromkeys(each for name, text in asked for each in _read(type_, name, text)))


def _read(type_: str, name: str, text: str) -> Iterator[Include]:
    back, iterate = name.startswith("_revinclude"), name.endswith(":iterate")
    if text == "*":
        if back or iterate:
            raise refused(
                name, "name what to include: Type:reference or Type:*; * is for _include alone", "too-costly"
            )
        yield from (Include(type_, code) for code in sorted(_references(type_)))
        return
    source, _, rest = text.partition(":")
    param, colon, target = rest.partition(":")
    if source not in KEPT:
        raise _refused(name, f"Type is one of {', '.join(KEPT)}")
    references = _references(source)
    if rest == "*":
        yield from _every(type_, name, source, references)
        return
    if param not in references:
        raise _refused(name, f"{source} refers by: {', '.join(sorted(references))}")
    if colon and target not in _targets(references[param]):
        raise _refused(name, f"{source}:{param} leads to: {', '.join(_targets(references[param]))}")
    if not iterate and source != type_ and not back:
        raise _refused(name, f"the matches are of type {type_}; {name}:iterate goes on from what is included")
    if not iterate and back and type_ not in _targets(references[param]):
        raise _refused(name, f"{source}:{param} does not lead to {type_}")
    yield Include(source, param, target or None, back, iterate)


def _every(type_: str, name: str, source: str, references: dict[str, Parameter]) -> Iterator[Include]:
    """``Type:*``: the name of any parameter that is a reference (R4 search.html#include)."""
    back = name.startswith("_revinclude")
    if name.endswith(":iterate"):
        raise refused(name, "name what to include: Type:reference; * is not for :iterate", "too-costly")
    if not back and source != type_:
        raise _refused(name, f"the matches are of type {type_}; {name}:iterate goes on from what is included")
    for code, parameter in sorted(references.items()):
        if not back or type_ in _targets(parameter):
            yield Include(source, code, back=back)


def _refused(name: str, text: str) -> Fault:
    return refused(name, f"Type:reference or Type:reference:TargetType is accepted; {text}")


def _references(type_: str) -> dict[str, Parameter]:
    return {code: each for code, each in searchable(type_).items() if each.type == "reference"}


def _targets(parameter: Parameter) -> tuple[str, ...]:
    return tuple(each for each in KEPT if not parameter.targets or each in parameter.targets)
