"""Mutated resources, transactions and searches for the door, in process: whatever comes, never a 500.

``python -m tests.badinput.fuzz COUNT [SEED]`` runs longer than the suite does and prints what it found.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from server.errors import Fault
from server.fhir.parse import parse
from server.fhir.xml_write import write
from server.log import configure
from tests.badinput.builders import bundle, entry
from tests.badinput.orders import CANARY, MRN, furniture, measured, order, person, put, signed
from tests.world import World, make_world

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/fhir-r4-examples"
_TYPES = ("Patient", "Observation", "DiagnosticReport", "Task", "PractitionerRole", "ServiceRequest")
_NAMES = (
    "_id", "identifier", "patient", "subject", "code", "status", "_tag", "_count", "_page", "_format",
    "date", "birthdate", "authored-on", "_lastUpdated", "name", "value-quantity", "code-value-quantity",
    "_profile", "_sort", "_include", "_revinclude", "_summary", "_elements", "_total",
    "_has:Observation:patient:code", "_has:Task:subject:focus",
)  # fmt: skip
_MODIFIERS = (
    "", "", "", "", ":exact", ":not", ":missing", ":contains", ":identifier", ":of-type", ":text", ":below",
    ":Patient", ":iterate", ".name", ":Patient.name", ":", "%00",
)  # fmt: skip
_VALUES = (
    MRN, "|", ",", "anna", "%", "²", "\u0000", "-1", "10" * 30, "\\,", "$", "Patient/anna", "true", "2024",
    "ge2024-02-30", "ap2024-01-05T10:00", "5.4|http://unitsofmeasure.org|mg", "1e2", "h$gt1", "-date,code",
    "*", "Task:focus", "Observation:subject:Patient", "count", "text", "accurate", "x|y|z",
)  # fmt: skip
_URN = "urn:uuid:6ec55b25-3fb8-4f2e-9f3c-2b0d6a2c9c11"
_OTHER = "urn:uuid:0f2a3c1e-7d4b-4b57-9a55-3b8f0a6f7e02"
_EXTENSION = {"extension": [{"url": "https://ehr.example/x", "valueString": CANARY}]}
_STRANGE: tuple[Any, ...] = (
    None, "", " ", [], {}, [[]], [None], [{}], {"a": {"b": []}}, True, False, 0, -1, 10**18, 10**30, 1.5,
    "x" * 70_000, "\u0000", "\ud800", "\u202e", "a\nb", "' OR 1=1--", "../../etc/passwd", "%00", "<b>",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2024-02-30", "2024", "24:00:00", "-0", "1e400",
    "Patient/anna", "Patient/nobody", "Patient/anna/_history/1", "#", "#a", _URN, "urn:oid:1.2", "Task/asked",
    "https://example.org/Patient/1", "Patient?identifier=1", "javascript:alert(1)",
    {"reference": "Patient/anna"}, {"reference": _URN}, _EXTENSION, {"value": 1, "code": "h"},
    {"coding": [{"system": "x", "code": "y"}]}, "final", "cancelled", "requested", "completed", "h", "1990",
)  # fmt: skip


_PIECES = re.compile(rb"<[^>]*>|[^<]+")
_MARKS = (
    b"<", b">", b"&", b"&amp;", b"&#0;", b"&nbsp;", b"]]>", b"<![CDATA[x]]>", b"<!-- -->", b"<!--",
    b"<?a b?>", b"<!DOCTYPE a [", b'<!ENTITY a "b">', b"\x00", b"\xff", b"\xef\xbb\xbf", b"x",
    b'<x xmlns="urn:x"/>', b"</x>", b'<id value="a"/>', b'<extension url="a"/>', b'<status value="final"/>',
    b'<div xmlns="http://www.w3.org/1999/xhtml"/>',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """One request, whole."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield value, name
            yield from places(inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield value, position
            yield from places(inner)


def mutated(resource: dict[str, Any], chance: random.Random) -> bytes:
    """A stroke or two on the tree, and now and then one on the bytes."""
    spoilt = deepcopy(resource)
    for _ in range(chance.choice([1, 1, 2])):
        _stroke(spoilt, chance)
    body = json.dumps(spoilt).encode()
    if chance.random() < 0.05:
        at = chance.randrange(len(body))
        body = (
            body[:at]
            + chance.choice([b"", b"\x00", b"\xff", b'"', b"}", b"[" * 70, b",", b"\\"])
            + body[at + 1 :]
        )
    return body


def _alike(value: Any) -> tuple[Any, ...]:
    """Strange values of the same JSON type: they get further in than the others."""
    return tuple(each for each in _STRANGE if type(each) is type(value)) or _STRANGE


def _stroke(spoilt: dict[str, Any], chance: random.Random) -> None:
    found = list(places(spoilt))
    if not found:
        return
    holder, key = chance.choice(found)
    other, other_key = chance.choice(found)
    match chance.randrange(7):
        case 0:
            del holder[key]
        case 1 | 2:
            holder[key] = deepcopy(chance.choice(_alike(holder[key]) if chance.random() < 0.7 else _STRANGE))
        case 3:
            holder[key] = deepcopy(other[other_key])
        case 4:
            holder[key] = [deepcopy(holder[key])] * chance.choice([1, 2, 60])
        case 5 if isinstance(holder, dict):
            holder[f"_{key}"] = chance.choice([deepcopy(_EXTENSION), holder.pop(key)])
            holder.pop(key, None)
        case _ if isinstance(holder, dict):
            holder[chance.choice(["foo", "contained", "extension", "id", "meta", "status"])] = holder.pop(key)
        case _:
            holder.insert(0, deepcopy(chance.choice(_STRANGE)))


def own() -> list[dict[str, Any]]:
    """A well-formed resource of every type that is taken."""
    role = {"resourceType": "PractitionerRole", "practitioner": {"reference": "Practitioner/reader"}}
    wish = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/anna"},
    }
    return [person(), measured(), signed(), order("fuzz"), role, wish]


def official() -> list[dict[str, Any]]:
    """The examples of R4 itself; none where they are not at hand."""
    found = (path for kind in _TYPES for path in sorted((EXAMPLES / kind).glob("*.json")))
    return [json.loads(path.read_text()) for path in found]


def _create(chance: random.Random, known: list[dict[str, Any]]) -> Sent:
    resource = chance.choice(known)
    condition = (("If-None-Exist", _query(chance)),) if chance.random() < 0.2 else ()
    return Sent("POST", resource["resourceType"], mutated(resource, chance), condition)


def _xml(chance: random.Random, known: list[dict[str, Any]]) -> Sent:
    """Tags and texts of good XML out of place, and marks that mean something in it."""
    resource = chance.choice(known)
    try:
        pieces = _PIECES.findall(write(parse(json.dumps(resource).encode())))
    except Fault:  # it holds a type that is not in the tables
        return _xml(chance, own())
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        at = chance.randrange(len(pieces))
        pieces[at : at + chance.choice([0, 1, 1, 2])] = [chance.choice([chance.choice(pieces), *_MARKS])]
    asked = chance.choice(["", "?_format=xml", "?_format=json&_pretty=true"])
    fields = (("Content-Type", "application/fhir+xml"), ("Accept", chance.choice(["*/*", "text/xml", "a/b"])))
    return Sent("POST", f"{resource['resourceType']}{asked}", b"".join(pieces), fields)


def _update(chance: random.Random, _: list[dict[str, Any]]) -> Sent:
    resource = chance.choice(furniture())
    match = chance.choice(['W/"1"', 'W/"2"', "*", 'W/"-1"', "W/" + "9" * 40])
    fields = (("If-Match", match),) if chance.random() < 0.7 else (("If-None-Match", "*"),)
    place = resource["id"] if chance.random() < 0.8 else f"?{_query(chance)}"
    return Sent(
        "PUT", f"{resource['resourceType']}/{place}".replace("/?", "?"), mutated(resource, chance), fields
    )


def _transaction(chance: random.Random, known: list[dict[str, Any]]) -> Sent:
    chosen = [chance.choice(known) for _ in range(chance.randint(1, 4))]
    names = chance.sample([_URN, _OTHER, None, None], len(chosen))
    entries = [
        entry(each, each["resourceType"], full_url=name) for each, name in zip(chosen, names, strict=True)
    ]
    entries.append(put(measured(subject={"reference": _URN}), "of-anna"))
    whole = json.loads(bundle(*entries))
    return Sent("POST", "", mutated(whole, chance))


def _operations(chance: random.Random, resource: dict[str, Any]) -> list[dict[str, Any]]:
    """A JSON Patch at places that are there, with values that are not always meant."""
    names = ["", *(f"/{name}" for name in resource), "/identifier/0", "/name/-", "/x/y", "/meta/tag"]
    return [
        {
            "op": chance.choice(["add", "remove", "replace", "move", "copy", "test"]),
            "path": chance.choice(names),
            "from": chance.choice(names),
            "value": deepcopy(chance.choice([*_STRANGE, *resource.values()])),
        }
        for _ in range(chance.randint(1, 3))
    ]


def _parameters(chance: random.Random, resource: dict[str, Any]) -> dict[str, Any]:
    """A FHIRPath Patch of the same kind."""
    type_ = resource["resourceType"]
    path = chance.choice([type_, *(f"{type_}.{name}" for name in resource), f"{type_}.identifier[0].value"])
    parts: list[dict[str, Any]] = [
        {"name": "type", "valueCode": chance.choice(["add", "insert", "delete", "replace", "move"])},
        {
            "name": "path",
            "valueString": path + chance.choice(["", "", ".first()", ".where(use = 'x')", "[0]"]),
        },
        {"name": "name", "valueString": chance.choice([*resource, "note", "extension"])},
        {"name": "index", "valueInteger": chance.choice([0, 1, -1])},
        {"name": "source", "valueInteger": 0},
        {"name": "destination", "valueInteger": chance.choice([0, 9])},
        chance.choice(
            [
                {"name": "value", "valueString": "x"},
                {"name": "value", "valueIdentifier": {"value": "x"}},
                {"name": "value", "part": [{"name": "text", "valueString": "x"}]},
            ]
        ),
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}


def _patch(chance: random.Random, _: list[dict[str, Any]]) -> Sent:
    resource = chance.choice(furniture())
    place = (
        f"{resource['resourceType']}/{resource['id']}"
        if chance.random() < 0.8
        else f"Patient?{_query(chance)}"
    )
    match = (("If-Match", f'W/"{chance.choice([1, 1, 2, 3])}"'),) if chance.random() < 0.5 else ()
    if chance.random() < 0.5:
        return Sent("PATCH", place, mutated(_parameters(chance, resource), chance), match)
    body = json.dumps(_operations(chance, resource)).encode()
    return Sent("PATCH", place, body, (("Content-Type", "application/json-patch+json"), *match))


def _batch(chance: random.Random, known: list[dict[str, Any]]) -> Sent:
    """Every method, with what does not belong to it."""
    entries = []
    for _ in range(chance.randint(1, 4)):
        resource = chance.choice(furniture() if chance.random() < 0.5 else known)
        type_ = resource["resourceType"]
        place = chance.choice(
            [type_, f"{type_}/{resource.get('id', 'x')}", f"{type_}?{_query(chance)}", "_history"]
        )
        data = b64encode(json.dumps(_operations(chance, resource)).encode()).decode()
        binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
        body = chance.choice([resource, binary, _parameters(chance, resource)])
        wish = {"method": chance.choice(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]), "url": place}
        wish |= chance.choice([{}, {"ifMatch": 'W/"1"'}, {"ifNoneExist": _query(chance)}])
        entries.append({"resource": body, "request": wish} if chance.random() < 0.7 else {"request": wish})
    kind = chance.choice(["batch", "transaction"])
    return Sent("POST", "", mutated({"resourceType": "Bundle", "type": kind, "entry": entries}, chance))


def _operation(chance: random.Random, known: list[dict[str, Any]]) -> Sent:
    if chance.random() < 0.4:
        names = [
            "start=2024",
            "end=x",
            "_since=2024-01-01T00:00:00Z",
            "_type=Task",
            "_count=1",
            "_page=1",
            "a=b",
        ]
        asked = "&".join(chance.sample(names, chance.randint(0, 3)))
        return Sent(
            "GET", f"{chance.choice(['Patient/anna/$everything', 'Patient/_history', '_history'])}?{asked}"
        )
    resource = chance.choice(known)
    told = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "mode", "valueCode": chance.choice(["create", "update", "delete", "profile"])},
            {"name": "resource", "resource": resource},
        ],
    }
    place = resource["resourceType"] + chance.choice(["", "", "/anna"])
    return Sent("POST", f"{place}/$validate", mutated(chance.choice([told, resource]), chance))


def _query(chance: random.Random) -> str:
    pairs = []
    for _ in range(chance.randint(1, 3)):
        name, text = chance.choice(_NAMES) + chance.choice(_MODIFIERS), chance.choice(_VALUES)
        pairs.append(f"{name}={quote(text * chance.choice([1, 1, 1, 40]), safe=chance.choice(['', '|,/%']))}")
    return chance.choice(["&", "&", "&&", ";"]).join(pairs)


def _search(chance: random.Random, _: list[dict[str, Any]]) -> Sent:
    type_ = chance.choice(_TYPES)
    if chance.random() < 0.5:
        return Sent("GET", f"{type_}?{_query(chance)}")
    form = (("Content-Type", "application/x-www-form-urlencoded"),)
    return Sent("POST", f"{type_}/_search", _query(chance).encode(), form)


def _place(chance: random.Random, _: list[dict[str, Any]]) -> Sent:
    id_ = chance.choice(["anna", "asked", "of-anna", "%2e%2e", "a" * 65, "$everything", "%00", "²", ""])
    rest = chance.choice(["", "", "/_history", "/_history/1", "/_history/" + "9" * 30, "/x", "/_history/-1"])
    match = chance.choice(['W/"1"', "*", "abc"])
    return Sent(
        "GET", f"{chance.choice(_TYPES)}/{quote(id_, safe='%$')}{rest}", headers=(("If-None-Match", match),)
    )


KINDS: dict[str, Callable[[random.Random, list[dict[str, Any]]], Sent]] = {
    "create": _create,
    "xml": _xml,
    "update": _update,
    "transaction": _transaction,
    "patch": _patch,
    "batch": _batch,
    "operation": _operation,
    "search": _search,
    "place": _place,
}


def furnish(world: World) -> None:
    for each in furniture():
        answer = world.send("PUT", f"{each['resourceType']}/{each['id']}", each)
        assert answer.status_code == 201, answer.text


def send(world: World, sent: Sent) -> int:
    """The status; a 5xx is told with what caused it, so that it can become a row of a table."""
    fields = {"Content-Type": "application/fhir+json", **dict(sent.headers)}
    answer = world.client.open(f"/fhir/{sent.path}", method=sent.method, data=sent.body, headers=fields)
    statuses = [str(answer.status_code), *_of_entries(answer)]
    assert not [each for each in statuses if each >= "500"], (
        sent.method,
        sent.path,
        sent.headers,
        sent.body[:2_000],
        answer.text,
    )
    return int(answer.status_code)


def _of_entries(answer: Any) -> list[str]:
    """The statuses within the answer to a batch."""
    told = answer.get_json(silent=True) or {}
    entries = told.get("entry", []) if isinstance(told, dict) else []
    return [each["response"]["status"] for each in entries if "response" in each]


def run(world: World, kind: str, known: list[dict[str, Any]], count: int, seed: int = 0) -> Counter[int]:
    """How often each status was answered."""
    chance = random.Random(f"{kind} {seed}")
    return Counter(send(world, KINDS[kind](chance, known)) for _ in range(count))


if __name__ == "__main__":
    configure("error", "fuzz")
    how_many, with_seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as folder:
        for opened in make_world(Path(folder) / "data"):
            furnish(opened)
            for each_kind in KINDS:
                found = run(opened, each_kind, own() + official(), how_many, with_seed)
                print(each_kind, dict(found))  # noqa: T201
