"""One parameter of a search -> a test: its name, and chains through references (R4 search.html#chaining)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.errors import Category, Fault, fault
from server.fhir.bindings import KEPT
from server.fhir.definitions.parameters import PARAMETERS, Parameter
from server.fhir.query import moments
from server.fhir.query.asker import Asker
from server.fhir.query.escapes import plain
from server.fhir.query.named import Named, named, refused
from server.fhir.query.references import leads_to
from server.fhir.query.values import tested, values_of
from server.fhir.rows.extraction import searchable
from server.query import Chain, Has, Ids, Not, Test, Updated

DEEPEST, MOST_REVERSED = 3, 2
"""How many references a chain may follow, and how many of them backwards."""
_HAS = "_has"
OWN = frozenset({"_id", "_lastUpdated"})
"""What the store knows of itself."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where on a chain we are."""

    type: str
    asker: Asker
    told: str = ""
    deep: int = 0
    reversed: int = 0

    def on(self, type_: str, told: str, *, back: bool = False) -> _Place:
        if self.deep == DEEPEST or self.reversed + back > MOST_REVERSED:
            text = f"chains of up to {DEEPEST} references, {MOST_REVERSED} of them backwards, are accepted"
            raise refused(told.rstrip(".:"), text, "too-costly")
        return _Place(type_, self.asker, told, self.deep + 1, self.reversed + back)


def known(type_: str, name: str) -> bool:
    """Whether R4 knows a parameter of this name, whatever follows it."""
    return re.split("[:.]", name, maxsplit=1)[0] in PARAMETERS[type_]


def condition(type_: str, name: str, text: str, asker: Asker) -> Test:
    """The test that ``name=text`` is on resources of a type.

    Raises:
        Fault: INCORRECT, saying what is accepted.
    """
    return _condition(_Place(type_, asker), name, text)


def _condition(place: _Place, name: str, text: str) -> Test:
    head, dot, rest = name.partition(".")
    if head.partition(":")[0] == _HAS:  # a dot may stand anywhere in what follows
        return _referring(place, name, text)
    code, colon, modifier = head.partition(":")
    asked = named(place.type, _parameter(place, code), modifier, place.asker, place.told)
    if colon and not modifier:
        raise asked.refused("a modifier is expected after the colon", "not-supported")
    if dot:
        return _chained(place, asked, rest, text)
    return _own(asked, text) if code in OWN else tested(asked, text)


def _parameter(place: _Place, code: str) -> Parameter:
    found = PARAMETERS[place.type].get(code)
    if found is None:
        raise _unknown(place)
    if code not in OWN and code not in searchable(place.type):
        raise refused(f"{place.told}{code}", "this parameter is not supported here", "not-supported")
    return found


def _unknown(place: _Place) -> Fault:
    accepted = ", ".join(sorted({*searchable(place.type), *OWN, _HAS}))
    where = f"after {place.told.rstrip('.:')}, " if place.told else ""
    text = f"{where}no such search parameter of {place.type}; accepted: {accepted}"
    return fault(Category.INCORRECT, "not-supported", text)


def _own(asked: Named, text: str) -> Test:
    values = [plain(each) for each in values_of(asked, text)]
    if asked.modifier and not (asked.modifier == "not" and asked.param == "_id"):
        raise asked.refused("this modifier is not accepted here", "not-supported")
    if asked.param == "_id":
        ids = Ids(tuple(values))
        return Not(ids) if asked.modifier else ids
    return Updated(tuple(moments.moment(asked, each) for each in values))


def _chained(place: _Place, asked: Named, rest: str, text: str) -> Test:
    """``subject:Patient.name``: what the reference leads to meets a condition of its own."""
    if asked.parameter.type != "reference":
        raise asked.refused("only references lead on; this is none", "not-supported")
    target = _target(asked, rest)
    inner = place.on(target, f"{asked.told}:{target}.")
    where = (_condition(inner, rest, text), *place.asker.sees(target))
    return Chain(asked.param, target, where)


def _target(asked: Named, rest: str) -> str:
    """The type that a chain goes on at: the one it names, or the only one that has the next parameter."""
    possible = leads_to(asked)
    if asked.modifier:
        if asked.modifier not in possible:
            raise asked.refused(f"before a dot one of these types is accepted: {_or_none(possible)}")
        return asked.modifier
    fitting = [each for each in possible if known(each, rest)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        text = (
            f"several types have the next parameter; name one of {_or_none(fitting)} (subject:Patient.name)"
        )
        raise asked.refused(text)
    raise asked.refused(f"no type that it leads to has the next parameter; it leads to: {_or_none(possible)}")


def _or_none(types: list[str] | tuple[str, ...]) -> str:
    return ", ".join(types) or "none that is kept here"


def _referring(place: _Place, name: str, text: str) -> Test:
    """``_has:Observation:patient:code``: something that refers here meets a condition of its own."""
    _, type_, code, rest = [*name.split(":", 3), "", "", ""][:4]
    told = f"{place.told}{_HAS}"
    if type_ not in KEPT:
        raise refused(told, f"_has:Type:reference:parameter is accepted; Type is one of {', '.join(KEPT)}")
    parameter = searchable(type_).get(code)
    if parameter is None or parameter.type != "reference" or not _may_lead(parameter, place.type):
        fitting = [
            each.code
            for each in searchable(type_).values()
            if each.type == "reference" and _may_lead(each, place.type)
        ]
        text = f"{type_} refers to {place.type} by: {', '.join(sorted(fitting)) or 'nothing'}"
        raise refused(told, text)
    if not rest:
        raise refused(told, "a parameter is expected after the reference")
    inner = place.on(type_, f"{told}:{type_}:{code}:", back=True)
    return Has(type_, code, (_condition(inner, rest, text), *place.asker.sees(type_)))


def _may_lead(parameter: Parameter, type_: str) -> bool:
    return not parameter.targets or type_ in parameter.targets
