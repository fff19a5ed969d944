"""Who may come in and what they may see, A-001 to A-064: where each row is shown, or why it is not yet."""

from __future__ import annotations

_ASSERTION = "tests/access/test_assertion.py"
_ENDPOINTS = "tests/access/test_endpoints.py"
_KEYS = "tests/access/test_keys.py"
_JWKS = "tests/access/test_jwks.py"
_TOKENS = "tests/access/test_tokens.py"
_ONCE = "tests/store/test_assertions.py"
_SCOPES = "tests/fhir/test_access.py"


def _rows(place: str, *numbers: int) -> dict[str, str]:
    return {f"A-{number:03}": place for number in numbers}


SHOWN: dict[str, str] = {
    **_rows(_ASSERTION, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    **_rows(_KEYS, 5, 24, 25, 27),
    **_rows(_ONCE, 17, 18, 19, 20),
    **_rows(_ENDPOINTS, 21, 22, 23, 28, 29, 30, 31, 32, 33, 34, 36, 38, 39, 40),
    **_rows(_JWKS, 26),
    **_rows(_TOKENS, 35),
    **_rows(_SCOPES, 41, 42, 43, 44, 45, 46, 47, 49, 50, 51, 52, 53, 54, 55, 60, 61, 62),
    **_rows("tests/fhir/test_binary.py", 58),
    **_rows("tests/access/test_subscriptions.py", 63),
}
"""Row -> the file in which it is shown, by its id."""
OVER_A_SOCKET = frozenset(
    f"A-{number:03}"
    for number in (
        1, 3, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21, 22, 23, 29, 31, 32, 33, 34, 38, 40,
        41, 42, 43, 44, 45, 46, 47, 49, 50, 51, 52, 53, 54, 55, 58, 61, 62,
    )
)  # fmt: skip
"""Rows that tests/flow/test_bad_input_access.py shows once more, by a real server.

The others need its clock, its keys or its inside.
"""
OURS: dict[str, str] = {
    "A-030": "a right assertion is let in even then: else whoever sends wrong ones keeps a hospital out",
    "A-043": "always 404, as for what is not here",
    "A-051": "400: the page is of another search",
}
"""Row -> why the answer is not the catalogue's, where it is not."""
NOT_YET: dict[str, str] = {
    "A-037": "one data folder, one secret (test_tokens); several folders come with several nodes",
    "A-048": "_summary and _elements only leave out; there is no mask of fields",
    "A-056": "scopes by patient are criteria on one parameter; there is no compartment to belong to",
    "A-057": "AuditEvents are for auditors only (A-053); includes are held to scopes (A-046)",
    "A-059": "Group and List are not kept",
    "A-064": "no side doors: one shelf, one predicate",
}
