"""Each interaction that the CapabilityStatement lists for a resource type is tried on that type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks import expect, specimens
from conformance.checks.run import Run
from conformance.checks.verdict import Skipped
from conformance.peers.codes import Resource

_ELSEWHERE = "chosen-by-the-client"


@dataclass(frozen=True, slots=True)
class Interaction:
    """How one interaction is tried on a type."""

    clause: str
    says: str
    attempt: Callable[[Run, str], None]


def read(run: Run, type_: str) -> None:
    here = specimens.specimen(run, type_)
    seen = expect.status(run.wire.get(f"{type_}/{here['id']}"), 200)
    expect.equal((type_, here["id"]), (seen.body.get("resourceType"), seen.body.get("id")), "type and id")
    expect.equal(seen.body["meta"]["versionId"], seen.version, "ETag of version")
    expect.that(seen.headers.get("Last-Modified"), "a Last-Modified header", "none")


def vread(run: Run, type_: str) -> None:
    for version in _versions(run, type_):
        path = f"{type_}/{version['id']}/_history/{version['meta']['versionId']}"
        seen = expect.status(run.wire.get(path), 200)
        expect.equal(version, seen.body, "the version as it was:")


def create(run: Run, type_: str) -> None:
    sent = specimens.new(run, type_)
    meta = sent["meta"] | {"versionId": "99", "lastUpdated": "2001-01-01T00:00:00Z"}
    seen = specimens.post(run, sent | {"id": _ELSEWHERE, "meta": meta})
    stored = specimens.settled(run, seen.reference)
    expect.that("/_history/" in seen.headers.get("Location", ""), "Location with /_history/", "one without")
    expect.that(seen.version, 'an ETag of the form W/"version"', "none of this form")
    expect.that(stored["id"] != _ELSEWHERE, "an id of the server's own", "the id in the body")
    expect.that(stored["meta"]["versionId"] != "99", "a versionId of the server's own", "that in the body")
    expect.that(stored["meta"]["lastUpdated"][:4] != "2001", "the server's lastUpdated", "that in the body")
    expect.equal(sent.get("identifier"), stored.get("identifier"), "identifiers")


def update(run: Run, type_: str) -> None:
    before, change, after = changed(run, type_)
    expect.that(before["meta"]["versionId"] != after["meta"]["versionId"], "a new versionId", "the same")
    expect.equal(change, {name: after.get(name) for name in change}, "what was changed:")


def patch(run: Run, type_: str) -> None:
    before = specimens.created(run, type_)
    change, path = specimens.change(run, before), f"{type_}/{before['id']}"
    document = [{"op": "add", "path": f"/{name}", "value": value} for name, value in change.items()]
    fields = {"Content_Type": "application/json-patch+json", "If_Match": specimens.tag(before)}
    expect.status(run.wire.send("PATCH", path, document, **fields), 200)
    after = specimens.read(run, path).body
    expect.that(before["meta"]["versionId"] != after["meta"]["versionId"], "a new versionId", "the same")
    expect.equal(change, {name: after.get(name) for name in change}, "what was changed:")


def delete(run: Run, type_: str) -> None:
    here = specimens.created(run, type_)
    path = f"{type_}/{here['id']}"
    removed(run, path)
    gone = expect.refused(run.wire.get(path), 410)
    expect.that(gone.version not in ("", here["meta"]["versionId"]), "an ETag of the deletion", "none")
    expect.equal([], expect.ids(run.wire.get(type_, {"_id": here["id"]})), "ids found after it:")
    expect.status(run.wire.get(f"{path}/_history/{here['meta']['versionId']}"), 200)


def removed(run: Run, path: str, named: str = "") -> None:
    """DELETE it, under another name if there is one; a Task that our own server works on must have ended."""
    if not path.startswith("Task/"):
        expect.status(run.wire.send("DELETE", named or path), 200, 204)
        return
    specimens.cancel(run, path)
    done = "its case ends and the Task can be deleted"
    run.until(lambda: run.wire.send("DELETE", named or path), lambda seen: seen.status in (200, 204), done)


_PAGES = 20
"""How many pages of a history are looked through."""


def history_type(run: Run, type_: str) -> None:
    """Others may write meanwhile, and our own reading makes AuditEvents: some pages are followed."""
    newest = _versions(run, type_)[-1] if specimens.can_make(run, type_) else _latest(run, type_)
    known, entries = (newest["id"], newest["meta"]["versionId"]), list[Resource]()
    seen = run.wire.get(f"{type_}/_history", {"_since": newest["meta"]["lastUpdated"], "_count": "200"})
    for _ in range(_PAGES):
        entries += expect.bundle(seen, "history")
        onward = [each["url"] for each in seen.body.get("link", []) if each["relation"] == "next"]
        if known in _told(entries) or not onward:
            break
        seen = run.wire.get(run.wire.below(str(onward[0])))
    times = [each["response"]["lastModified"] for each in entries]
    expect.equal(sorted(times, reverse=True), times, "times, newest first:")
    expect.that(known in _told(entries), "the version that is known", "others")


def _latest(run: Run, type_: str) -> Resource:
    """What was written last of a type of which none can be made: of an older one much may have come since."""
    by_time = {"_sort": "-_lastUpdated", "_count": "1"}
    return next(iter(expect.matches(run.wire.get(type_, by_time))), None) or specimens.specimen(run, type_)


def _told(entries: list[Resource]) -> list[tuple[str, str]]:
    return [(each["resource"]["id"], each["resource"]["meta"]["versionId"]) for each in _with(entries)]


def _with(entries: list[Resource]) -> list[Resource]:
    return [each for each in entries if "resource" in each]


def history(run: Run, type_: str) -> None:
    versions = _versions(run, type_)
    seen = run.wire.get(f"{type_}/{versions[0]['id']}/_history")
    entries = expect.bundle(seen, "history")
    told = [each["resource"]["meta"]["versionId"] for each in entries if "resource" in each]
    wanted = [each["meta"]["versionId"] for each in reversed(versions)]
    expect.equal(wanted, [each for each in told if each in wanted], "versions, newest first:")
    for each in entries:
        expect.that({"method", "url"} <= each["request"].keys(), "request.method and .url (bdl-3)", "less")
        expect.that("status" in each["response"], "response.status (bdl-4)", "none")


def search(run: Run, type_: str) -> None:
    here = specimens.specimen(run, type_)
    expect.equal([], expect.ids(run.wire.get(type_, {"_id": run.fresh()})), "ids found by another:")
    seen = run.wire.get(type_, {"_id": here["id"]})
    expect.equal([here["id"]], expect.ids(seen), "ids found:")
    entry = expect.bundle(seen, "searchset")[0]
    expect.that(entry["fullUrl"].endswith(f"{type_}/{here['id']}"), "fullUrl of the resource", "another")


def changed(run: Run, type_: str) -> tuple[Resource, Resource, Resource]:
    """A resource before an update, what the update changed, and the resource after it."""

    def make() -> tuple[Resource, Resource, Resource]:
        before = specimens.created(run, type_)
        change = specimens.change(run, before)
        path = f"{type_}/{before['id']}"
        expect.status(run.wire.put(path, before | change, If_Match=specimens.tag(before)), 200)
        return before, change, specimens.read(run, path).body

    return run.once(f"changed {type_}", make)


def _versions(run: Run, type_: str) -> list[Resource]:
    """Versions of one resource that are known, oldest first: two where we may update, else one."""
    if specimens.can_make(run, type_) and not run.statement.lacks(f"{type_}.update"):
        before, _, after = changed(run, type_)
        return [before, after]
    return [specimens.specimen(run, type_)]


TRIED: dict[str, Interaction] = {
    "read": Interaction(
        "R4 http.html#read", "a read gives it, with its version as ETag and Last-Modified", read
    ),
    "vread": Interaction("R4 http.html#vread", "each version can be read as it was", vread),
    "create": Interaction(
        "R4 http.html#create", "a create is answered 201 with Location and ETag; id and meta are ours", create
    ),
    "update": Interaction("R4 http.html#update", "an update is answered 200 and makes a new version", update),
    "patch": Interaction("R4 http.html#patch", "a JSON Patch is answered 200 and makes a new version", patch),
    "delete": Interaction(
        "R4 http.html#delete", "what is deleted answers 410 with an ETag, and its past can be read", delete
    ),
    "history-type": Interaction(
        "R4 http.html#history", "the history of the type holds what is known, newest first", history_type
    ),
    "history-instance": Interaction(
        "R4 http.html#history", "its history holds all versions, newest first", history
    ),
    "search-type": Interaction("R4 http.html#search", "a search by _id finds it and nothing else", search),
}


def tried(code: str) -> Interaction:
    """How an interaction is tried; one that is not known here is never run."""
    if code in TRIED:
        return TRIED[code]

    def skip(run: Run, type_: str) -> None:
        del run, type_
        raise Skipped(f"these checks do not know how to try {code}")

    return Interaction("R4 http.html", f"{code} is answered as R4 says", skip)
