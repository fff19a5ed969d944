"""Rows that a later door will answer, and rows that are shown elsewhere: F-001 to F-139, each somewhere."""

from __future__ import annotations

import json

from tests.badinput.call import Call
from tests.badinput.orders import CANARY

_LATER = "subscriptions are not offered yet"


def _subscription(id_: str, what: str, endpoint: str, **channel: object) -> Call:
    body = {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": CANARY,
        "criteria": "Task?status=requested",
        "channel": {"type": "rest-hook", "endpoint": endpoint, **channel},
    }
    path = "/fhir/Subscription"
    return Call(
        id_, what, "POST", path, 404, "not-supported", json.dumps(body).encode(), says="Task", ours=_LATER
    )


CALLS = (
    _subscription("F-125", "http endpoint", "http://ehr.example/hook"),
    _subscription("F-126", "loopback endpoint", "https://127.0.0.1/hook"),
    _subscription("F-126b", "metadata address", "https://169.254.169.254/latest"),
    _subscription("F-127", "number for an address", "https://2130706433/hook"),
    _subscription("F-131", "user part", "https://ok@evil.example/"),
    _subscription(
        "F-134", "CR LF in a header", "https://ehr.example/hook", header=["X: a\r\nAuthorization: b"]
    ),
    _subscription("F-136", "criteria beyond the creator's scope", "https://ehr.example/hook"),
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
    "F-130": "tests/fhir/test_courier.py",
    "F-132": "tests/fhir/test_courier.py",
    "F-135": "tests/fhir/test_courier.py",
}
"""Row -> the file in which it is shown."""

NOT_YET = {
    "F-105": "every criterion is a look-up in an index: nothing to cancel; the growth benchmark watches it",
    "F-128": "destinations are in a file of the operator; no address comes from a message",
    "F-129": "as F-128",
    "F-137": "as F-125: nothing to count yet",
}
"""Row -> why there is nothing to send."""
