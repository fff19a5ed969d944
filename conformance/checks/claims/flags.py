"""Each promise that the CapabilityStatement makes of a type beside its interactions is tried on that type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.checks import expect, specimens
from conformance.checks.claims.interactions import removed
from conformance.checks.run import Run
from conformance.peers.codes import Resource


@dataclass(frozen=True, slots=True)
class Flag:
    """An element of CapabilityStatement.rest.resource and what it promises."""

    called: str
    """As part of the claim's id."""
    name: str
    """Of the element."""
    promised: Callable[[Any], bool]
    """Whether this value of it promises anything."""
    clause: str
    says: str
    attempt: Callable[[Run, str], None]


def update_create(run: Run, type_: str) -> None:
    chosen = run.fresh()
    seen = run.wire.put(f"{type_}/{chosen}", specimens.new(run, type_) | {"id": chosen})
    expect.status(seen, 201)
    _ended(run, type_, chosen)
    expect.equal(chosen, specimens.settled(run, f"{type_}/{chosen}")["id"], "id")


def conditional_create(run: Run, type_: str) -> None:
    sent = specimens.new(run, type_)
    first = specimens.settled(run, specimens.post(run, sent, If_None_Exist=condition(sent)).reference)
    again = expect.status(run.wire.post(type_, sent, If_None_Exist=condition(sent)), 200)
    now = specimens.read(run, f"{type_}/{first['id']}").body
    expect.equal(f"{type_}/{first['id']}", again.reference or f"{type_}/{first['id']}", "Location of")
    expect.equal(first["meta"]["versionId"], now["meta"]["versionId"], "unchanged version")
    expect.equal([first["id"]], expect.ids(run.wire.get(f"{type_}?{condition(sent)}")), "ids found:")


def conditional_update(run: Run, type_: str) -> None:
    sent = specimens.new(run, type_)
    path = f"{type_}?{condition(sent)}"
    made = expect.status(run.wire.put(path, sent), 201)
    id_ = made.reference.partition("/")[2]
    _ended(run, type_, id_)
    first = specimens.settled(run, f"{type_}/{id_}")
    second = first | specimens.change(run, first)
    expect.status(run.wire.put(path, second, If_Match=specimens.tag(first)), 200)
    now = specimens.read(run, f"{type_}/{id_}").body
    expect.that(first["meta"]["versionId"] != now["meta"]["versionId"], "a new version", "the old one")


def conditional_delete(run: Run, type_: str) -> None:
    here = specimens.created(run, type_)
    path, by = f"{type_}/{here['id']}", f"{type_}?{condition(here)}"
    expect.refused(run.wire.send("DELETE", type_), 400, 412)
    removed(run, path, by)
    expect.refused(run.wire.get(path), 410)


def version_needed(run: Run, type_: str) -> None:
    here = specimens.created(run, type_)
    path = f"{type_}/{here['id']}"
    expect.refused(run.wire.put(path, here | specimens.change(run, here)), 400, 409, 412, 428)
    now = specimens.read(run, path).body
    expect.equal(here["meta"]["versionId"], now["meta"]["versionId"], "unchanged version")


def not_match(run: Run, type_: str) -> None:
    here = specimens.specimen(run, type_)
    path = f"{type_}/{here['id']}"
    same = expect.status(run.wire.get(path, If_None_Match=specimens.tag(here)), 304)
    expect.equal(b"", same.content, "body")
    expect.status(run.wire.get(path, If_None_Match='W/"none-of-these"'), 200)


def modified_since(run: Run, type_: str) -> None:
    path = f"{type_}/{specimens.specimen(run, type_)['id']}"
    since = run.wire.get(path).headers.get("Last-Modified", "")
    expect.status(run.wire.get(path, If_Modified_Since=since), 304)
    expect.status(run.wire.get(path, If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT"), 200)


def condition(resource: Resource) -> str:
    """By which a resource with our made-up identifier is found."""
    if resource["resourceType"] == "Subscription":  # R4 gives it no identifier
        return f"url={resource['channel']['endpoint']}"
    if "identifier" not in resource:  # nor to these
        return f"_tag={resource['meta']['tag'][-1]['system']}|{resource['meta']['tag'][-1]['code']}"
    own = resource["identifier"]
    named = own[0] if isinstance(own, list) else own
    return f"identifier={named['system']}|{named['value']}"


def _ended(run: Run, type_: str, id_: str) -> None:
    if type_ == "Task":
        run.afterwards.append(lambda: specimens.cancel(run, f"Task/{id_}"))


def _true(value: Any) -> bool:
    return value is True


FLAGS = (
    Flag(
        "updateCreate",
        "updateCreate",
        _true,
        "R4 http.html#upsert",
        "an update to an id that is not here yet creates it under that id, 201",
        update_create,
    ),
    Flag(
        "conditionalCreate",
        "conditionalCreate",
        _true,
        "R4 http.html#ccreate",
        "If-None-Exist creates once; again it is answered 200 and nothing is written",
        conditional_create,
    ),
    Flag(
        "conditionalUpdate",
        "conditionalUpdate",
        _true,
        "R4 http.html#cond-update",
        "an update by criteria creates where nothing matches and updates what does",
        conditional_update,
    ),
    Flag(
        "conditionalDelete",
        "conditionalDelete",
        lambda value: value in ("single", "multiple"),
        "R4 http.html#cdelete",
        "a deletion by criteria deletes what matches, and is refused without criteria",
        conditional_delete,
    ),
    Flag(
        "versioning",
        "versioning",
        lambda value: value == "versioned-update",
        "R4 capabilitystatement, versioned-update",
        "an update without If-Match is refused and writes nothing",
        version_needed,
    ),
    Flag(
        "conditionalRead-by-version",
        "conditionalRead",
        lambda value: value in ("not-match", "full-support"),
        "R4 http.html#cread",
        "If-None-Match with the present version is answered 304 without a body",
        not_match,
    ),
    Flag(
        "conditionalRead-by-time",
        "conditionalRead",
        lambda value: value in ("modified-since", "full-support"),
        "R4 http.html#cread",
        "If-Modified-Since with the present Last-Modified is answered 304",
        modified_since,
    ),
)
