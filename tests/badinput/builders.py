"""The resources that the rows spoil, and how they spoil them."""

from __future__ import annotations

import json
from typing import Any

TASK = {"resourceType": "Task", "status": "requested", "intent": "order"}
PATIENT = {"resourceType": "Patient", "birthDate": "1950-01-02"}
OBSERVATION = {"resourceType": "Observation", "status": "final", "code": {"text": "Glucose in CSF"}}
QUANTITY = {"value": 7.1, "unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
XHTML = "http://www.w3.org/1999/xhtml"


def body(base: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(base | more).encode()


def task(**more: Any) -> bytes:
    return body(TASK, **more)


def patient(**more: Any) -> bytes:
    return body(PATIENT, **more)


def observation(**more: Any) -> bytes:
    return body(OBSERVATION, **more)


def raw_member(member: str) -> bytes:
    """A Task with one more member in the spelling given."""
    return f'{{"resourceType":"Task","status":"requested","intent":"order",{member}}}'.encode()


def raw_value(number: str) -> bytes:
    known = '"resourceType":"Observation","status":"final","code":{"text":"x"}'
    return f'{{{known},"valueQuantity":{{"value":{number}}}}}'.encode()


def narrated(div: str) -> bytes:
    return task(text={"status": "generated", "div": f'<div xmlns="{XHTML}">{div}</div>'})


def nested_extensions(levels: int) -> bytes:
    extension: dict[str, Any] = {"url": "http://e.example/x", "valueBoolean": True}
    for _ in range(levels):
        extension = {"url": "http://e.example/x", "extension": [extension]}
    return task(extension=[extension])


def attachment(data: str) -> bytes:
    return patient(photo=[{"contentType": "image/png", "data": data}])


def bundle(*entries: dict[str, Any], kind: str = "transaction") -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)}).encode()


def entry(
    resource: dict[str, Any], url: str = "Patient", full_url: str | None = None, **request: Any
) -> dict[str, Any]:
    entry = {"resource": resource, "request": {"method": "POST", "url": url, **request}}
    return entry if full_url is None else {"fullUrl": full_url, **entry}
