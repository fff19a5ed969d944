"""The R4 invariants of Bundle (bdl-1 to bdl-12), and where a request in one may point."""

from __future__ import annotations

import re
from collections.abc import Mapping

from server.errors import Category
from server.fhir.definitions.elements import RESOURCES
from server.fhir.invariant import Breaks, Rule, Value, has, one_of, where

_REQUESTS = frozenset({"batch", "transaction", "history"})
_RESPONSES = frozenset({"batch-response", "transaction-response", "history"})
_ADDRESSED = frozenset({"document", "message", "collection"})
_ONCE = frozenset({"self", "first", "prev", "previous", "next", "last"})
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_ADDRESS = re.compile(r"https?://.*/([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})", re.ASCII)
# A path below our own base: no scheme, no host, no way up; criteria may hold anything.
_OWN_PATH = re.compile(r"(?!.*(?:\.\.|//|%2e|%2f|%5c))[A-Za-z$_][A-Za-z0-9\-._/$%]*(?:/\*)?", re.IGNORECASE)


def _entries(bundle: Value) -> list[Value]:
    entries: list[Value] = bundle.get("entry", [])
    return entries


def _out_of_place(name: str, types: frozenset[str]) -> Breaks:
    return lambda bundle: [
        f"entry[{index}].{name}"
        for index, entry in enumerate(_entries(bundle))
        if (name in entry) != (bundle.get("type") in types)
    ]


def _same_full_url(bundle: Value) -> list[str]:
    seen: set[tuple[str, str | None]] = set()
    twice = []
    for index, entry in enumerate(_entries(bundle) if bundle.get("type") != "history" else ()):
        if "fullUrl" not in entry:
            continue
        key = (entry["fullUrl"], _version(entry.get("resource")))
        if key in seen:
            twice.append(f"entry[{index}].fullUrl")
        seen.add(key)
    return twice


def _version(resource: object) -> str | None:
    """meta.versionId; nothing is known yet of the form of an entry's resource."""
    meta = resource.get("meta") if isinstance(resource, dict) else None
    version = meta.get("versionId") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else None


def _first_is_not(kind: str, type_name: str) -> Breaks:
    """A bundle of type ``kind`` begins with a resource ``type_name``."""

    def breaks(bundle: Value) -> tuple[str, ...]:
        if bundle.get("type") != kind:
            return ()
        first = _entries(bundle)[0].get("resource") if "entry" in bundle else None
        found = first.get("resourceType") if isinstance(first, dict) else None
        return () if found == type_name else ("entry[0].resource",)

    return breaks


def _unnamed_document(bundle: Value) -> bool:
    identifier = bundle.get("identifier", {})
    return bundle.get("type") == "document" and not (has(identifier, "system") and has(identifier, "value"))


def _repeated_link(bundle: Value) -> list[str]:
    seen: set[str] = set()
    again = []
    for index, link in enumerate(bundle.get("link", ())):
        relation = link.get("relation")
        if relation in seen:
            again.append(f"link[{index}].relation")
        elif relation in _ONCE:
            seen.add(relation)
    return again


def _entry_without_address(bundle: Value) -> list[str]:
    """FullUrl is needed but for a POST and for what an operation made up (Bundle.entry.fullUrl)."""
    return [
        f"entry[{index}].fullUrl"
        for index, entry in enumerate(_entries(bundle) if bundle.get("type") in _ADDRESSED else ())
        if "fullUrl" not in entry and isinstance(entry.get("resource"), dict) and "id" in entry["resource"]
    ]


def _full_url_disagrees(entry: Value) -> bool:
    url = entry.get("fullUrl")
    if url is None:
        return False
    if not _ABSOLUTE.match(url):
        return True
    address, resource = _ADDRESS.fullmatch(url), entry.get("resource")
    if address is None or address[1] not in RESOURCES or not isinstance(resource, dict):
        return False
    return (address[1], address[2]) != (resource.get("resourceType"), resource.get("id", address[2]))


def _foreign_url(request: Value) -> bool:
    path, mark, _criteria = request.get("url", "Patient").partition("?")
    return not ((mark and not path) or _OWN_PATH.fullmatch(path))


BUNDLE_RULES: Mapping[str, tuple[Rule, ...]] = {
    "Bundle": (
        Rule(
            "bdl-1",
            where(
                lambda value: has(value, "total") and value.get("type") not in {"searchset", "history"},
                "total",
            ),
            "total stands only in a searchset or a history.",
        ),
        Rule(
            "bdl-2",
            lambda bundle: [
                f"entry[{index}].search"
                for index, entry in enumerate(_entries(bundle))
                if "search" in entry and bundle.get("type") != "searchset"
            ],
            "entry.search stands only in a searchset.",
        ),
        Rule(
            "bdl-3",
            _out_of_place("request", _REQUESTS),
            "entry.request is needed in a batch, transaction or history, and stands nowhere else.",
        ),
        Rule(
            "bdl-4",
            _out_of_place("response", _RESPONSES),
            "entry.response is needed in a batch-response, transaction-response or history, "
            "and stands nowhere else.",
        ),
        Rule(
            "bdl-7",
            _same_full_url,
            "A fullUrl may stand only once in a bundle.",
            category=Category.INCORRECT,
        ),
        Rule(
            "full-url",
            _entry_without_address,
            "An entry whose resource has an id has a fullUrl in a document, message or collection.",
            "required",
        ),
        Rule("link-once", _repeated_link, "A page has one link of this relation."),
        Rule(
            "bdl-9",
            where(_unnamed_document, "identifier"),
            "A document has an identifier with system and value.",
        ),
        Rule(
            "bdl-10",
            where(lambda bundle: bundle.get("type") == "document" and "timestamp" not in bundle, "timestamp"),
            "A document has a timestamp.",
        ),
        Rule("bdl-11", _first_is_not("document", "Composition"), "A document begins with a Composition."),
        Rule("bdl-12", _first_is_not("message", "MessageHeader"), "A message begins with a MessageHeader."),
    ),
    "Bundle.entry": (
        Rule(
            "bdl-5",
            one_of("resource", "request", "response"),
            "An entry needs a resource, a request or a response.",
        ),
        Rule(
            "bdl-8",
            where(lambda value: "/_history/" in value.get("fullUrl", ""), "fullUrl"),
            "A fullUrl must not name a version.",
        ),
        Rule(
            "full-url",
            where(_full_url_disagrees, "fullUrl"),
            "A fullUrl is absolute, and where it ends with a type and an id, these are the resource's own.",
            "value",
        ),
    ),
    "Bundle.entry.request": (
        Rule(
            "request-url",
            where(_foreign_url, "url"),
            "The url of a request is relative to this server's base, as in Task/123 or Task?identifier=...",
            "value",
            Category.INCORRECT,
        ),
    ),
}
