"""Is a specialist really blind? Looks at everything the offer leads to, as a curious one would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import Resource, is_ai

_MOST = 200
"""Resources to look at; an offer leads to a few dozen."""
_TELLING = frozenset({"conclusion", "conclusionCode"})


class NotBlind(Exception):
    """Something of the first reader's or the model's opinion can be seen from an offer."""


def check(client: FhirClient, task: Resource) -> dict[str, Resource]:
    """Follow every reference from a referral Task and return what was reached, by reference.

    Raises:
        NotBlind: naming what can be seen and from where, never what it says.
    """
    start = f"Task/{task['id']}"
    reached: dict[str, Resource] = {}
    waiting: list[tuple[str, ...]] = [(start,)]
    while waiting and len(reached) < _MOST:
        path = waiting.pop(0)
        if path[-1] in reached:
            continue
        resource = task if path == (start,) else _read(client, path[-1])
        if resource is None:
            continue
        _opinionless(resource, " -> ".join(path))
        reached[path[-1]] = resource
        waiting += [(*path, each) for each in _onward(client, resource)]
    _nothing_of_ai_about(client, task)
    return reached


def _onward(client: FhirClient, resource: Resource) -> Iterator[str]:
    """Where a resource leads: literal references, and logical ones as far as a search finds them."""
    for each in _references(resource):
        target, identifier = each.get("reference"), each.get("identifier", {})
        if isinstance(target, str) and not target.startswith(("#", "urn:")):
            yield target
        elif each.get("type") and identifier.get("value"):
            named = f"{identifier.get('system', '')}|{identifier['value']}"
            found = _search(client, each["type"], {"identifier": named})
            yield from (f"{each['type']}/{one['id']}" for one in found)


def _references(value: Any) -> Iterator[Resource]:
    """Every Reference anywhere in a resource."""
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
    elif isinstance(value, dict):
        if "reference" in value or ("identifier" in value and "type" in value):
            yield value
        for each in value.values():
            yield from _references(each)


def _read(client: FhirClient, reference: str) -> Resource | None:
    """None when the door does not show it, which is all that blindness asks for."""
    try:
        return client.read(reference).body
    except NotDone as reason:
        _only_a_refusal(reason)
        return None


def _search(client: FhirClient, type_: str, parameters: dict[str, str]) -> list[Resource]:
    try:
        return client.search(type_, parameters)
    except NotDone as reason:
        _only_a_refusal(reason)
        return []


def _only_a_refusal(reason: NotDone) -> None:
    """A door that is out of order has not shown that it hides anything."""
    if reason.status is None or reason.status >= 500:
        raise reason


def _opinionless(resource: Resource, path: str) -> None:
    if resource.get("resourceType") == "DiagnosticReport":
        raise NotBlind(f"a report can be read by following {path}")
    if is_ai(resource):
        raise NotBlind(f"content of the AI can be read by following {path}")
    for part in (resource, *resource.get("contained", [])):
        if part.get("resourceType") == "DiagnosticReport" or _TELLING & part.keys():
            raise NotBlind(f"an opinion can be read by following {path}")
    for each in resource.get("output", []):
        raise NotBlind(f"the output {_words(each)} can be read by following {path}")


def _words(output: Resource) -> str:
    return ", ".join(each.get("code", "") for each in output.get("type", {}).get("coding", []))


def _nothing_of_ai_about(client: FhirClient, task: Resource) -> None:
    """Nothing labelled AI may be found by asking about the patient either."""
    subject = task.get("for", {}).get("reference", "")
    for type_ in ("DiagnosticReport", "Observation"):
        for each in _search(client, type_, {"subject": subject}) if subject else ():
            if is_ai(each):
                raise NotBlind(f"a search for {type_} by subject finds the AI's {type_}/{each['id']}")
