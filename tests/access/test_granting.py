"""What a client is granted of what it asks for."""

from __future__ import annotations

import pytest

from server.access.granting import granted
from server.caller import scopes_of

REGISTERED = "system/Task.crus system/Patient.rs system/Observation.rs?category=laboratory"


@pytest.mark.parametrize(
    ("asked", "registered", "given"),
    [
        ("system/Task.rs", REGISTERED, "system/Task.rs"),
        ("system/Task.cruds", REGISTERED, "system/Task.crus"),
        ("system/Task.d", REGISTERED, ""),
        ("system/Device.rs", REGISTERED, ""),
        ("system/*.cruds", REGISTERED, ""),
        ("system/Task.rs system/Device.rs", REGISTERED, "system/Task.rs"),
        ("system/Task.rs system/Task.rs", REGISTERED, "system/Task.rs"),
        ("system/Observation.rs", REGISTERED, "system/Observation.rs?category=laboratory"),
        (
            "system/Observation.r?status=final",
            REGISTERED,
            "system/Observation.r?status=final&category=laboratory",
        ),
        (
            "system/Observation.r?category=laboratory",
            REGISTERED,
            "system/Observation.r?category=laboratory",
        ),
        ("system/Task.rs?status=requested", REGISTERED, "system/Task.rs?status=requested"),
        ("system/*.rs", "system/*.cruds", "system/*.rs"),
        ("system/Task.u", "system/*.cruds", "system/Task.u"),
        ("system/*.rs?_id=a", "system/*.rs", "system/*.rs?_id=a"),
        ("system/Task.rs", "system/Task.r?_id=a system/Task.s", "system/Task.r?_id=a system/Task.s"),
        (f"system/Task.r?_id={'a' * 300}", f"system/Task.r?_id={'b' * 300}", ""),
    ],
)
def test_no_more_than_both(asked: str, registered: str, given: str) -> None:
    found = granted(scopes_of(asked), scopes_of(registered))
    assert " ".join(map(str, found)) == given
    assert granted(found, scopes_of(registered)) == found, "granting again changes nothing"
