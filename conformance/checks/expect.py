"""What an answer must be; each function raises Unmet with what was expected and what came."""

from __future__ import annotations

from typing import Any

from conformance.checks.exchange import Seen
from conformance.checks.verdict import Unmet
from conformance.peers.codes import Resource


def that(holds: object, expected: str, came: str) -> None:
    if not holds:
        raise Unmet(expected, came)


def status(seen: Seen, *wanted: int) -> Seen:
    """The answer, if it has one of these statuses."""
    that(seen.status in wanted, f"HTTP {_either(wanted)}", seen.told)
    return seen


def equal(wanted: Any, came: Any, what: str) -> None:
    that(wanted == came, f"{what} {_shown(wanted)}", _shown(came))


def refused(seen: Seen, *statuses: int, code: str = "", at: str = "") -> Seen:
    """A refusal with an OperationOutcome; of this issue code and about this element when they are named."""
    wanted = f"HTTP {_either(statuses)} with an OperationOutcome"
    wanted += (f" of code {code}" if code else "") + (f" at {at}" if at else "")
    that(seen.status in statuses, wanted, seen.told)
    that(seen.body.get("resourceType") == "OperationOutcome" and seen.issues, wanted, seen.told)
    that(any(_is(issue, code, at) for issue in seen.issues), wanted, seen.told)
    return seen


def bundle(seen: Seen, kind: str) -> list[Resource]:
    """The entries of a Bundle of this type."""
    status(seen, 200)
    equal(("Bundle", kind), (seen.body.get("resourceType"), seen.body.get("type")), "resourceType and type")
    that(seen.body.get("entry") != [], "no empty array (R4 json.html)", "entry: []")
    entries: list[Resource] = seen.body.get("entry", [])
    return entries


def matches(seen: Seen) -> list[Resource]:
    """The resources that a search found, without what came along."""
    entries = bundle(seen, "searchset")
    return [each["resource"] for each in entries if each.get("search", {}).get("mode", "match") == "match"]


def ids(seen: Seen) -> list[str]:
    return [str(each["id"]) for each in matches(seen)]


def _is(issue: Resource, code: str, at: str) -> bool:
    places = issue.get("expression", [])
    return code in ("", issue.get("code")) and (not at or any(str(each).startswith(at) for each in places))


def _either(statuses: tuple[int, ...]) -> str:
    return " or ".join(map(str, statuses))


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value else repr(value)
