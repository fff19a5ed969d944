"""The second reading: fhir.resources' R4B models, which do not differ from R4 for the types we take.

It is asked last and only about what our own walk passed, because it is generous where we are not:
it takes JSON text for an object, ``"7.1"`` for a number, and stops with KeyError at an unknown
contained type. Its texts quote values, so only the place is taken from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel, ValidationError

from server.fhir.bindings import SERVED
from server.fhir.findings import Findings
from server.fhir.parse import element_path

_PACKAGE = "fhir.resources.R4B"


def load() -> None:
    """Import the models of all types we take (0.4 s), so that the first request need not wait."""
    for kind in SERVED:
        _model(kind)


def second_reading(findings: Findings, resource: Mapping[str, Any], path: str) -> None:
    """Add what the model of ``resource["resourceType"]`` objects to; entries of a Bundle are left out."""
    try:
        _model(resource["resourceType"]).model_validate(_readable(resource))
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            findings.against(
                "structure", "This does not have the structure of R4.", _path(path, problem["loc"])
            )


@cache
def _model(kind: str) -> type[BaseModel]:
    model: type[BaseModel] = getattr(import_module(f"{_PACKAGE}.{kind.lower()}"), kind)
    return model


@cache
def _knows(kind: str) -> bool:
    """R4B renamed or dropped a few resource types; they may still come contained."""
    return find_spec(f"{_PACKAGE}.{kind.lower()}") is not None


def _readable(resource: Mapping[str, Any]) -> dict[str, Any]:
    readable = dict(resource)
    if "contained" in readable:
        readable["contained"] = [held for held in readable["contained"] if _knows(held["resourceType"])]
    if readable["resourceType"] == "Bundle" and "entry" in readable:
        readable["entry"] = [_envelope(entry) for entry in readable["entry"]]
    if readable["resourceType"] == "Parameters" and "parameter" in readable:
        readable["parameter"] = [_named(each) for each in readable["parameter"]]
    return readable


def _named(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter without the resources in it and in its parts, which have readings of their own."""
    bare = {name: parameter[name] for name in parameter if name != "resource"}
    if "part" in bare:
        bare["part"] = [_named(each) for each in bare["part"]]
    return bare


def _envelope(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry without the resources in it, which have readings of their own."""
    bare = {name: entry[name] for name in entry if name != "resource"}
    if "response" in bare:
        bare["response"] = {name: value for name, value in bare["response"].items() if name != "outcome"}
    return bare


def _path(root: str, places: tuple[int | str, ...]) -> str:
    path = root
    for place in places:
        path = f"{path}[{place}]" if isinstance(place, int) else element_path(path, place)
    return path
