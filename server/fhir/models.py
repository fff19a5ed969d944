"""The second reading: fhir.resources' R4B models, for contained resources whose type our tables do not know.

For the types of our tables it is not asked: what it would refuse there the walk refuses too, and in
words; ``tests/fhir/test_models.py`` holds both readings beside each other, element by element. It is
asked last and only about what our own walk passed, because it is generous where we are not: it takes
JSON text for an object and ``"7.1"`` for a number. Its texts quote values, so only the place is taken
from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pydantic import BaseModel, ValidationError

from server.fhir.findings import Findings
from server.fhir.parse import element_path

_PACKAGE = "fhir.resources.R4B"
_WRONG = "This does not have the structure of R4."


def second_reading(findings: Findings, resource: Mapping[str, Any], path: str) -> None:
    """Add what the model of ``resource["resourceType"]`` objects to; R4B has dropped a few types of R4."""
    kind = resource["resourceType"]
    if not _knows(kind):
        return
    try:
        _model(kind).model_validate(dict(resource))
    except AttributeError:  # how it meets a required list that is there by its extensions alone
        findings.against("structure", _WRONG, path)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False, include_input=False):
            findings.against("structure", _WRONG, _path(path, problem["loc"]))


@cache
def _model(kind: str) -> type[BaseModel]:
    """Imported when it is first needed: those of ten types take 0.3 s and 10 MB."""
    model: type[BaseModel] = getattr(import_module(f"{_PACKAGE}.{kind.lower()}"), kind)
    return model


@cache
def _knows(kind: str) -> bool:
    return find_spec(f"{_PACKAGE}.{kind.lower()}") is not None


def _path(root: str, places: tuple[int | str, ...]) -> str:
    path = root
    for place in places:
        path = f"{path}[{place}]" if isinstance(place, int) else element_path(path, place)
    return path
