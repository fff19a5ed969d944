"""Rows that a later door will answer, and rows that are shown elsewhere: F-001 to F-139, each somewhere."""

from __future__ import annotations

import json

from tests.badinput.call import Call
from tests.badinput.orders import CANARY

_IG = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"


def _subscription(id_: str, what: str, endpoint: str, code: str, ours: str = "", **channel: object) -> Call:
    content = {"url": f"{_IG}/backport-payload-content", "valueCode": "id-only"}
    body = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": CANARY,
        "criteria": "https://second-reader.example/fhir/SubscriptionTopic/task-changed",
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "payload": "application/fhir+json",
            "_payload": {"extension": [content]},
            **channel,
        },
    }
    path = "/fhir/Subscription"
    return Call(id_, what, "POST", path, 422, code, json.dumps(body).encode(), ours=ours)


CALLS = (
    _subscription("F-125", "http endpoint", "http://ehr.example/hook", "value"),
    _subscription("F-126", "loopback endpoint", "https://127.0.0.1/hook", "security"),
    _subscription("F-126b", "metadata address", "https://169.254.169.254/latest", "security"),
    _subscription("F-126c", "private address", "https://10.0.0.1/hook", "security"),
    _subscription("F-127", "number for an address", "https://2130706433/hook", "security"),
    _subscription("F-131", "user part", "https://ok@evil.example/", "value"),
    _subscription(
        "F-134", "CR LF in a header", "https://ehr.example/hook", "value", header=["X: a\r\nAuthorization: b"]
    ),
    Call(
        "F-138",
        "Binary of another patient",
        "GET",
        f"/fhir/Binary/{CANARY}",
        404,
        "not-found",
    ),
)

ELSEWHERE = {
    "F-027": "tests/fhir/test_update.py",
    "F-040": "tests/fhir/test_update.py",
    "F-071": "tests/test_porch_wire.py",
    "F-072": "tests/test_porch_wire.py",
    "F-073": "tests/flow/test_bad_input_races.py",
    "F-077": "tests/flow/test_bad_input_races.py",
    "F-083": "tests/flow/test_bad_input_races.py",
    "F-084": "tests/flow/test_bad_input_races.py",
    "F-115": "tests/flow/test_kill.py",
    "F-123": "tests/flow/test_bad_input_races.py",
    "F-128": "tests/fhir/subscriptions/test_line.py",
    "F-129": "tests/fhir/subscriptions/test_line.py",
    "F-130": "tests/fhir/test_courier.py",
    "F-132": "tests/fhir/test_courier.py",
    "F-135": "tests/fhir/test_courier.py",
    "F-136": "tests/access/test_subscriptions.py",
    "F-137": "tests/fhir/subscriptions/test_enrolment.py",
}
"""Row -> the file in which it is shown."""

NOT_YET = {
    "F-105": "every criterion is a look-up in an index: nothing to cancel; the growth benchmark watches it",
}
"""Row -> why there is nothing to send."""
