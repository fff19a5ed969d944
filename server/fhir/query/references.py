"""Values of reference parameters and their modifiers (R4 search.html#reference)."""

from __future__ import annotations

import re

from server.fhir.bindings import KEPT
from server.fhir.definitions.elements import RESOURCES
from server.fhir.query.escapes import plain
from server.fhir.query.named import Named
from server.fhir.query.tokens import pair
from server.fhir.references import local, normal
from server.query import Reference, Test, Token

MOST_TARGETS = 500
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+", re.ASCII)


def reference(asked: Named, values: list[str]) -> Test:
    kinds = (asked.modifier,) if asked.modifier else leads_to(asked)
    targets = [each for text in values for each in _targets(asked, plain(text), kinds)]
    if len(targets) > MOST_TARGETS:
        text = f"{MOST_TARGETS} are accepted; an id without a type counts once for each that it may be of"
        raise asked.refused(text, "too-costly")
    return Reference(asked.param, tuple(targets))


def identified(asked: Named, values: list[str]) -> Test:
    """``:identifier``: what a reference is known by, not where it leads."""
    return Token(asked.under("identifier").param, tuple(pair(asked, each) for each in values))


def leads_to(asked: Named) -> tuple[str, ...]:
    """The types kept here that the reference may lead to."""
    targets = asked.parameter.targets
    return tuple(each for each in KEPT if not targets or each in targets)


def _targets(asked: Named, text: str, kinds: tuple[str, ...]) -> list[str]:
    own = f"{asked.asker.base}/"
    short = text.removeprefix(own)
    if _ID.fullmatch(short) and short == text:
        return [f"{kind}/{text}" for kind in kinds]
    place = local(short)
    if place is not None and place[0] in RESOURCES:
        if asked.modifier and place[0] != asked.modifier:
            raise asked.refused(f"the modifier asks for a {asked.modifier}, the value for another type")
        return [normal(short)]
    if asked.modifier or not _ADDRESS.fullmatch(text):
        raise asked.refused("an id, Type/id or an absolute address is accepted")
    return [text]
