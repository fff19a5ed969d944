"""One resource beside its R4 definitions, element by element.

A value that has not the JSON type of its element cannot be understood (INCORRECT); one that is
understood and breaks a rule is UNPROCESSABLE. Paths are FHIRPath: ``Observation.value`` is what
JSON calls valueQuantity. What was found is told by kind, number and length; no value of the input is
ever quoted, nor a name that is no element name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from server.fhir import found
from server.fhir.bindings import RESOURCES, SHAPES, Element, Shape
from server.fhir.findings import Findings
from server.fhir.glance import GLANCES, Glance
from server.fhir.invariants import broken
from server.fhir.parse import element_path
from server.fhir.primitives import FORMS, URIS, is_safe_uri

_RELATIVE = re.compile(
    r"([A-Z][A-Za-z]+)(?:/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?|\?\S+)", re.ASCII
)
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+", re.ASCII)
_UNCONTAINABLE = frozenset({"Bundle", "Parameters"})
_NOT_CONTAINED_META = {
    "versionId": "A contained resource has no version of its own (dom-4).",
    "lastUpdated": "A contained resource has no update time of its own (dom-4).",
    "security": "A contained resource has no security label of its own (dom-5).",
}
_EMPTY = "An element needs a value or children. Found: at most an id (ele-1)"
_NESTED = "A contained resource must not hold another (dom-2)."
_NESTED_EXTENSION = re.compile(r"xtension\[[0-9]+\]\.extension\[[0-9]+\]\Z").search
_SHOWN_CODES = 12


_FOREIGN_PRIMITIVES = {"div": Element("xhtml", "div"), "url": Element("url", "url")}


class Walk:
    """The walk through one root resource; ``entries``: a Bundle's resources, for walks of their own."""

    def __init__(self, findings: Findings, root: Mapping[str, Any]) -> None:
        self.entries: list[tuple[str, Any]] = []
        self._findings = findings
        self._root = root
        held = root.get("contained")
        self._contained: list[Any] = held if isinstance(held, list) else []
        self._local = dict(_named(one) for one in self._contained)
        self._local.pop("", None)
        self._used: set[str] = set()
        self._pointing_up: set[int] = set()
        self._inside: int | None = None

    def resource(self, path: str) -> None:
        """Check the root, whose resourceType is one of SHAPES."""
        self._object(self._root, self._root["resourceType"], path)
        for index, one in enumerate(self._contained):
            self._inside = index
            self._held(one, f"{path}.contained[{index}]")
        self._used.discard("")
        for index, one in enumerate(self._contained):
            if _named(one)[0] not in self._used and index not in self._pointing_up:
                text = "A contained resource must be referred to from the resource that holds it (dom-3)."
                self._findings.against("invariant", text, f"{path}.contained[{index}]")

    # -- objects ---------------------------------------------------------------------------

    def _object(self, value: Any, type_name: str, path: str) -> None:
        if not isinstance(value, dict):
            self._findings.incorrect(
                "structure", f"An object is expected here, not {found.kind(value)}.", path
            )
            return
        shape, glance = SHAPES[type_name], GLANCES[type_name]
        malformed = self._findings.malformed
        for name, child in value.items():
            form = glance.primitives.get(name)
            if form is not None and type(child) in form[0] and form[1](child):
                continue  # as nearly every value is: its place need not be known
            element = shape.elements.get(name)
            if element is not None:
                self._element(child, element, f"{path}.{element.label}", f"_{name}" in value)
            elif name != "resourceType" or type_name not in RESOURCES:
                self._other_name(value, name, shape, path)
        self._presence(value, glance, path)
        if not value or (len(value) == 1 and "id" in value and type_name != "Element"):
            self._findings.against("invariant", _EMPTY, path)
        if malformed == self._findings.malformed:
            for rule, place in broken(type_name, value):
                at = f"{path}.{place}" if place else path
                text = f"{rule.text} Found: {found.elements(value, shape)} ({rule.key})"
                self._findings.add(rule.category, rule.code, text, at)
            if type_name == "Extension" and ":" not in value.get("url", ":") and not _NESTED_EXTENSION(path):
                text = "The url of an extension is absolute, but within another extension."
                self._findings.against("value", text, f"{path}.url")

    def _presence(self, value: dict[str, Any], glance: Glance, path: str) -> None:
        for label, names in glance.required:
            if value.keys().isdisjoint(names):
                self._findings.against("required", "This element must be present.", f"{path}.{label}")
        for label, names in glance.choices:
            given = value.keys() & names
            if len(given) > 1 and (count := len({name.removeprefix("_") for name in given})) > 1:
                text = f"Only one type of this element may be given, not {count}."
                self._findings.against("structure", text, f"{path}.{label}")
        if "modifierExtension" in value:
            text = "A modifier extension may change the meaning of this element, and none is known here."
            self._findings.against("extension", text, f"{path}.modifierExtension")

    def _other_name(self, parent: dict[str, Any], name: str, shape: Shape, path: str) -> None:
        """A name that is no element: the ``_given`` beside a primitive, or unknown.

        ``id`` and ``Extension.url`` are plain strings, which have no extensions (their type in the
        definitions is System.String).
        """
        element = shape.elements.get(name.removeprefix("_"))
        bare = name == "_id" or (name == "_url" and shape is SHAPES["Extension"])
        if element is None or element.type not in FORMS or bare or not name.startswith("_"):
            text = "R4 has no such element here."
            self._findings.against("structure", text, element_path(path, name))
            return
        self._companion(parent[name], parent.get(name[1:]), element, f"{path}.{element.label}")

    def _companion(self, value: Any, partner: Any, element: Element, path: str) -> None:
        """Extensions of a primitive; for a repeating one an array as long as its partner (json.html)."""
        if not element.many:
            self._annotation(value, partner, path)
        elif not isinstance(value, list) or (isinstance(partner, list) and len(partner) != len(value)):
            text = "The values and their extensions must be arrays of the same length; found: "
            pair = f"{found.kind(partner)} and {found.kind(value)}."
            self._findings.incorrect("structure", text + pair, path)
        else:
            for index, one in enumerate(value):
                if one is not None:
                    beside = partner[index] if isinstance(partner, list) else None
                    self._annotation(one, beside, f"{path}[{index}]")
                elif not isinstance(partner, list) or partner[index] is None:
                    text = "null stands only where the paired array has a value."
                    self._findings.incorrect("structure", text, f"{path}[{index}]")

    def _annotation(self, value: Any, partner: Any, path: str) -> None:
        """The id and extensions of one primitive; without a value an id alone is nothing."""
        self._object(value, "Element", path)
        if partner is None and isinstance(value, dict) and value.keys() == {"id"}:
            self._findings.against("invariant", _EMPTY, path)

    # -- elements --------------------------------------------------------------------------

    def _element(self, value: Any, element: Element, path: str, paired: bool) -> None:
        if not element.many:
            self._one(value, element, path)
        elif not isinstance(value, list):
            self._findings.incorrect(
                "structure", f"An array is expected here, not {found.kind(value)}.", path
            )
        else:
            for index, one in enumerate(value):
                if one is not None or not paired or element.type not in FORMS:
                    self._one(one, element, f"{path}[{index}]")

    def _one(self, value: Any, element: Element, path: str) -> None:
        if element.type in FORMS:
            self._primitive(value, element, path)
        elif element.type == "Resource":
            self._inner(value, element, path)
        else:
            malformed = self._findings.malformed
            self._object(value, element.type, path)
            if element.type == "Reference" and isinstance(value, dict):
                self._reference(value.get("reference"), element.targets, f"{path}.reference")
            elif element.systems is not None and malformed == self._findings.malformed:
                self._concept(value, element.systems, path)

    def _primitive(self, value: Any, element: Element, path: str) -> None:
        form = FORMS[element.type]
        if type(value) not in form.kinds:
            text = f"The JSON type must be {form.json}, not {found.kind(value)}."
            self._findings.incorrect("structure", text, path)
        elif not form.holds(value):
            self._findings.add(form.category, form.code, f"{form.says} Found: {found.kind(value)}.", path)
        elif element.codes is not None and value not in element.codes:
            text = f"{_accepted(element.codes)} Found: another of {len(value)} characters."
            self._findings.against("code-invalid", text, path)
        elif element.type in URIS and value.startswith("#"):
            self._used.add(value[1:])

    def _concept(self, value: dict[str, Any], systems: Mapping[str, frozenset[str]], path: str) -> None:
        """A required binding of a CodeableConcept: one coding of it is in the value set."""
        codings = value.get("coding", [])
        if any(each.get("code") in systems.get(each.get("system", ""), ()) for each in codings):
            return
        told = "; ".join(f"{system}: {', '.join(sorted(codes))}" for system, codes in systems.items())
        text = f"R4 requires a coding with one of these codes here: {told}. Found: others ({len(codings)})."
        self._findings.against("code-invalid", text, path)

    def _inner(self, value: Any, element: Element, path: str) -> None:
        """Entries (and their outcomes) have walks of their own; the contained of the root follow after it."""
        if element.label != "contained":
            self.entries.append((path, value))
        elif self._inside is not None:
            self._findings.against("invariant", _NESTED, path)

    # -- references ------------------------------------------------------------------------

    def _reference(self, literal: Any, targets: frozenset[str] | None, path: str) -> None:
        if not isinstance(literal, str):
            return
        kind = self._local_target(literal, path) if literal.startswith("#") else self._target(literal, path)
        if kind and targets is not None and kind not in targets:
            text = f"This reference may point to: {', '.join(sorted(targets))}; not to: {kind}."
            self._findings.against("invalid", text, path)

    def _local_target(self, literal: str, path: str) -> str | None:
        """The type of the contained resource; ``#`` alone is the resource that contains (references.html)."""
        self._used.add(literal[1:])
        if literal == "#" and self._inside is not None:
            self._pointing_up.add(self._inside)
        elif literal[1:] not in self._local:
            self._findings.against("invariant", "No contained resource has this id (ref-1).", path)
        return self._local.get(literal[1:])

    def _target(self, literal: str, path: str) -> str | None:
        match = _RELATIVE.fullmatch(literal)
        if match is not None and match[1] in RESOURCES:
            return match[1]
        if match is not None or not _ABSOLUTE.fullmatch(literal) or not is_safe_uri(literal):
            text = "A reference is Type/id, #id, urn:uuid:..., or an http(s) address."
            self._findings.against("value", text, path)
        return None

    # -- contained resources ---------------------------------------------------------------

    def _held(self, value: Any, path: str) -> None:
        kind = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in RESOURCES:
            text = "A contained resource is an object whose resourceType is one of R4."
            self._findings.incorrect("structure", text, path)
            return
        if kind in _UNCONTAINABLE:
            self._findings.against(
                "not-supported", "Bundle and Parameters are not accepted as contained.", path
            )
            return
        meta = value.get("meta")
        for name, text in _NOT_CONTAINED_META.items() if isinstance(meta, dict) else ():
            if name in meta:
                self._findings.against("invariant", text, f"{path}.meta.{name}")
        if kind in SHAPES:
            self._object(value, kind, path)
        else:
            self._foreign(value, path)

    def _foreign(self, value: dict[str, Any], path: str) -> None:
        """What can be said of a type without a table: references, narrative, nothing nested in it."""
        for name, child in value.items():
            at = element_path(path, name)
            if name == "contained":
                self._findings.against("invariant", _NESTED, at)
            elif name == "reference":
                self._reference(child, None, at)
            elif name in _FOREIGN_PRIMITIVES:
                self._primitive(child, _FOREIGN_PRIMITIVES[name], at)
            else:
                self._foreign_children(child, at)

    def _foreign_children(self, child: Any, path: str) -> None:
        several = child if isinstance(child, list) else [child]
        for index, one in enumerate(several):
            at = f"{path}[{index}]" if several is child else path
            if isinstance(one, dict) and "resourceType" in one:
                self._findings.against("invariant", _NESTED, at)
            elif isinstance(one, dict):
                self._foreign(one, at)
            elif isinstance(one, str) and one.startswith("#"):
                self._used.add(one[1:])


def _named(held: Any) -> tuple[str, str]:
    """The id and resourceType of a contained resource, empty where they are no strings."""
    pair = (held.get("id"), held.get("resourceType")) if isinstance(held, dict) else ()
    name, kind = (text if isinstance(text, str) else "" for text in pair or ("", ""))
    return name, kind


def _accepted(codes: frozenset[str]) -> str:
    if len(codes) > _SHOWN_CODES:
        return "This code is not in the value set that R4 requires here."
    return f"R4 requires one of these codes here: {', '.join(sorted(codes))}."
