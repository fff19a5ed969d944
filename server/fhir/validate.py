"""Is this object the R4 resource that it claims to be? All problems in one answer.

Two readings: ours (``walk``) beside the official definitions, which can say in words what is
wrong; and, of contained resources that it passes and has no definitions of, fhir.resources' (``models``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.errors import Category
from server.fhir import found
from server.fhir.bindings import RESOURCES, SERVED, SHAPES
from server.fhir.findings import Findings
from server.fhir.models import second_reading
from server.fhir.walk import Walk


def check(resource: Mapping[str, Any], expected_type: str | None = None, *, at: str = "") -> None:
    """Raise Fault with up to 20 issues unless ``resource`` is valid; ``resource`` is never changed.

    A Bundle or Parameters are checked with all that they hold. ``expected_type`` is the type in the
    URL, if there is one; issue paths begin with ``at`` or, without it, with the resource type. The
    category is that of the gravest issue: INCORRECT, then TOO_LARGE, then UNPROCESSABLE.
    """
    findings = Findings()
    _check_held(findings, resource, _check_one(findings, resource, expected_type, at))
    findings.answer()


def check_envelope(bundle: Mapping[str, Any]) -> None:
    """``check`` without the resources of the entries, for a batch, whose entries are answered one by one.

    Each then by ``check_entry(resource, "Bundle.entry[3].resource")``.
    """
    findings = Findings()
    _check_one(findings, bundle, "Bundle", "")
    findings.answer()


def check_entry(resource: Any, path: str) -> None:
    """``check`` for the resource of one Bundle entry, which must be no Bundle itself."""
    findings = Findings()
    _check_entry(findings, resource, path, in_bundle=True)
    findings.answer()


def _check_held(findings: Findings, holder: Mapping[str, Any], held: list[tuple[str, Any]]) -> None:
    """The resources that a Bundle or Parameters hold."""
    for path, resource in held:
        _check_entry(findings, resource, path, in_bundle=holder["resourceType"] == "Bundle")


def _check_entry(findings: Findings, resource: Any, path: str, *, in_bundle: bool) -> None:
    """One resource with those that it holds itself; ``parse`` bounds how deep that goes."""
    if not isinstance(resource, dict):
        findings.incorrect("structure", f"An object is expected here, not {found.kind(resource)}.", path)
    elif in_bundle and resource.get("resourceType") == "Bundle":
        findings.incorrect("not-supported", "A Bundle within a Bundle is not accepted.", path)
    else:
        _check_held(findings, resource, _check_one(findings, resource, None, path))


def _check_one(
    findings: Findings, resource: Mapping[str, Any], expected: str | None, at: str
) -> list[tuple[str, Any]]:
    """Check one resource; give those that it holds with their paths when it is a Bundle or Parameters."""
    kind = _kind(findings, resource, expected, at)
    if kind is None:
        return []
    own = Findings()
    walk = Walk(own, resource)
    walk.resource(at or kind)
    if not own:
        for index, held in enumerate(resource.get("contained", ())):
            if held["resourceType"] not in SHAPES:
                second_reading(own, held, f"{at or kind}.contained[{index}]")
    findings.take(own)
    return walk.entries


def _kind(findings: Findings, resource: Mapping[str, Any], expected: str | None, at: str) -> str | None:
    kind = resource.get("resourceType")
    path = f"{at}.resourceType".lstrip(".")
    if not isinstance(kind, str) or kind not in RESOURCES:
        findings.incorrect("structure", "resourceType must name a resource type of R4.", path)
    elif expected is not None and kind != expected:
        findings.incorrect("invalid", "resourceType is not the type that the address names.", path)
    elif kind not in SERVED:
        findings.add(Category.UNPROCESSABLE, "not-supported", f"Accepted here: {', '.join(SERVED)}.", path)
    else:
        return kind
    return None
