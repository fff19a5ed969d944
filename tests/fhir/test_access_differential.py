"""What a client may not see is as if absent: searches by chance, compared with servers where it is absent.

For each client there is a second, open server that holds only what the client may see, chosen here by hand
from the bare JSON. Both must answer alike: the same resources in the same order, the same counts, the same
next pages. 300 searches by default, more with ``--searches``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from server.fhir.rows.extraction import rows
from server.fhir.stamp import stamped, tombstone
from server.ports import Intake, ResourceWrite
from server.store.intake import IntakeDesk
from server.times import instant
from tests.access.ward import Ward, ward
from tests.fhir.population import TYPES, population
from tests.fhir.queries import Asked, asked, leading
from tests.store.nouns import arrival
from tests.world import START, World, make_world

Made = dict[str, Any]
Sees = Callable[[Made], bool]


def of_patient(made: Made, name: str, *elements: str) -> bool:
    return any(made.get(each, {}).get("reference") == name for each in elements)


def kind(made: Made) -> str:
    return str(made["resourceType"])


PATIENT = "Patient/r3"
FEW = ",".join(f"r{n}" for n in range(0, 60, 2))
SOME = "system/Task.s system/DiagnosticReport.s system/Observation.s?status=final"
SOME += f" system/Patient.s?_id={FEW} system/Organization.s?_id={FEW}"
CLIENTS: dict[str, tuple[str, Sees]] = {
    "all": ("system/*.cruds", lambda _: True),
    "observations": ("system/Observation.rs", lambda made: kind(made) == "Observation"),
    "some-types": (
        "system/Patient.rs system/Task.s system/Organization.r",
        lambda made: kind(made) in ("Patient", "Task"),
    ),
    "where-it-leads": (
        SOME,
        lambda made: (
            kind(made) in ("Task", "DiagnosticReport")
            or (kind(made) == "Observation" and made.get("status") == "final")
            or (kind(made) in ("Patient", "Organization") and made["id"] in FEW.split(","))
        ),
    ),
    "one-patient": (
        " ".join(
            f"system/{kind}.rs?patient={PATIENT}" for kind in ("Observation", "DiagnosticReport", "Task")
        )
        + " system/Patient.rs?_id=r3",
        lambda made: (
            (kind(made) == "Patient" and made["id"] == "r3")
            or (kind(made) in ("Observation", "DiagnosticReport") and of_patient(made, PATIENT, "subject"))
            or (kind(made) == "Task" and of_patient(made, PATIENT, "for"))
        ),
    ),
    "not-final": (
        "system/Observation.s?status:not=final system/Patient.s system/DiagnosticReport.s?status=final",
        lambda made: (
            kind(made) == "Patient"
            or (kind(made) == "Observation" and made.get("status") != "final")
            or (kind(made) == "DiagnosticReport" and made.get("status") == "final")
        ),
    ),
}
FINDS = {
    "all": {"Patient", "Organization", "Observation", "Task", "DiagnosticReport"},
    "observations": {"Observation"},
    "some-types": {"Patient", "Task"},
    "where-it-leads": {"Patient", "Organization", "Observation", "Task", "DiagnosticReport"},
    "one-patient": {"Patient", "Observation", "Task", "DiagnosticReport"},
    "not-final": {"Patient", "Observation", "DiagnosticReport"},
}
"""The types of which a client may find something; a way through any other is refused."""


READS = {
    "all": FINDS["all"],
    "observations": {"Observation"},
    "some-types": {"Patient"},
    "where-it-leads": set[str](),
    "one-patient": {"Patient", "Observation", "Task", "DiagnosticReport"},
    "not-final": set[str](),
}
"""The types of which a client may read what it may find."""
PAST = (
    "_history", "_history?_count=1000", "_history?_count=7", "_history?_count=1&_since=2026-01-05T09:02:00Z",
    *(f"{type_}/_history?_count={count}" for type_ in TYPES for count in (1, 4, 500)),
    "Observation/_history?_at=2026-01-05T09:00:30Z&_count=3",
    *(f"{type_}/r{n}/_history?_count=1" for type_ in TYPES if type_ != "Organization" for n in (2, 3, 4, 5)),
)  # fmt: skip
RECORDS = tuple(
    f"Patient/{id_}/$everything{more}"
    for id_ in ("r2", "r3", "r4")
    for more in ("", "?_count=1", "?_count=3")
)


def fill(world: World, made: list[Made]) -> None:
    """Straight into the store: the door would refuse references to what is not here."""
    writes = []
    for each in made:
        meta = {**each["meta"], "versionId": "1", "lastUpdated": instant(START)}
        whole = {**each, "meta": meta}
        body = json.dumps(whole, default=float).encode()
        writes.append(ResourceWrite(kind(each), each["id"], 1, START, body, rows(whole), None))
    house = world.house
    IntakeDesk(house.database, house.vault).take(Intake(arrival(), tuple(writes)))


def grow(world: World, made: list[Made], gone: set[str]) -> None:
    """A second version of each, which knows what it refers to; then some are deleted."""
    house, desk = world.house, IntakeDesk(world.house.database, world.house.vault)
    later, latest = START + timedelta(minutes=1), START + timedelta(minutes=2)
    writes = [stamped(each, each["id"], 2, later) for each in made]
    desk.take(Intake(arrival("second"), tuple(writes)))
    held = [house.shelf.read(kind(each), each["id"]) for each in made if f"{kind(each)}/{each['id']}" in gone]
    desk.take(Intake(arrival("third"), tuple(tombstone(each, latest) for each in held if each is not None)))


@contextmanager
def opened(folder: Path, database_url: str) -> Iterator[World]:
    world = make_world(folder, database_url=database_url)
    yield next(world)
    next(world, None)


def answered(get: Callable[[str], Any], path: str) -> Any:
    """Status, and of all pages: what is on them and how many there are said to be."""
    pages: list[Any] = []
    for _ in range(60):
        answer = get(path)
        if answer.status_code != 200:
            return (answer.status_code, answer.json["issue"][0]["code"])
        told = answer.json
        pages.append((told.get("total"), [entry(each) for each in told.get("entry", [])]))
        onward = [each["url"] for each in told["link"] if each["relation"] == "next"]
        if not onward:
            return pages
        path = onward[0].partition("/fhir/")[2]
    raise AssertionError("the pages never end")


def entry(told: Any) -> Any:
    """Of a search or of a history."""
    if "request" in told:
        return (told["request"], told["response"]["etag"])
    return (told["search"]["mode"], kind(told["resource"]), told["resource"].get("id"))


@pytest.mark.both_databases
def test_what_may_not_be_seen_is_as_if_absent(
    tmp_path: Path, another_database: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    searches = request.config.getoption("--searches")
    chance = Random(request.config.getoption("--seed") or 20_260_105)
    made = leading(chance, population(chance, 60))
    telling = 0
    scopes = {name: scopes for name, (scopes, _) in CLIENTS.items()}
    with ward(tmp_path, scopes, database_url=another_database()) as full:
        fill(full.world, made)
        for client, (_, sees) in CLIENTS.items():
            with opened(tmp_path / client, another_database()) as alone:
                fill(alone, [each for each in made if sees(each)])
                for _ in range(searches // len(CLIENTS)):
                    telling += compared(full, alone, client, asked(chance))
    assert telling > searches / 12


def compared(full: Ward, alone: World, client: str, search: Asked) -> bool:
    """Whether both answers are one; True when the client was answered with some but not all."""
    found = answered(lambda path: full.ask(client, "GET", path), search.path)
    if search.types <= FINDS[client]:
        expected = answered(lambda path: alone.client.get(f"/fhir/{path}"), search.path)
    else:
        expected = (403, "forbidden")
    assert found == expected, (client, search.path)
    if expected == (403, "forbidden") or client == "all":
        return False
    return found != answered(lambda path: full.ask("all", "GET", path), search.path)


def unneeded(made: list[Made]) -> set[str]:
    """Some that nothing refers to, so that they may be deleted."""
    told = json.dumps(made, default=float)
    names = [f"{kind(each)}/{each['id']}" for each in made if kind(each) != "Patient"]
    return set([each for each in names if f'"{each}"' not in told][::2])


@pytest.mark.both_databases
def test_histories_and_records_are_as_if_it_were_absent(
    tmp_path: Path, another_database: Callable[[], str]
) -> None:
    """A-044, A-049, A-050, A-052: page by page, so that no short page tells of what is left out."""
    chance = Random(20_260_106)
    made = leading(chance, population(chance, 24))
    gone, telling = unneeded(made), 0
    scopes = {name: scopes for name, (scopes, _) in CLIENTS.items()}
    with ward(tmp_path, scopes, database_url=another_database()) as full:
        fill(full.world, made)
        grow(full.world, made, gone)
        for client, (_, sees) in CLIENTS.items():
            mine = [each for each in made if sees(each)]
            with opened(tmp_path / client, another_database()) as alone:
                fill(alone, mine)
                grow(alone, mine, gone)
                telling += sum(looked_back(full, alone, client, path) for path in (*PAST, *RECORDS))
    assert gone
    assert telling > 40


def looked_back(full: Ward, alone: World, client: str, path: str) -> bool:
    type_, _, rest = path.partition("?")[0].partition("/")
    found = answered(lambda path: full.ask(client, "GET", path), path)
    may = FINDS if rest == "_history" else READS
    if type_ == "_history" or type_ in may[client]:
        expected = answered(lambda path: alone.client.get(f"/fhir/{path}"), path)
    else:
        expected = (403, "forbidden")
    assert found == expected, (client, path)
    if isinstance(found, tuple) or client == "all":
        return False
    return found != answered(lambda path: full.ask("all", "GET", path), path)
