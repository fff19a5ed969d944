"""The reckoning at the end of a campaign: what the EHR holds and what we hold, each counted for itself.

The EHR is asked over HTTP for its ledger; our side is read with plain SQL, not through the code
under test (``tests.flow.books``). Each function returns sentences that say what is wrong; an empty
list is what a campaign asserts.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import httpx

from conformance.peers.client import FhirClient
from tests.flow.books import Store, damage, rows
from tests.flow.hospital import Acknowledged, Hospital
from tests.flow.processes import Site, until

SR = "https://second-reader.example/fhir"
_ABOUT_A_CASE = {
    ("DiagnosticReport", f"{SR}/opinion-report"): lambda _: True,
    ("Observation", f"{SR}/opinion"): lambda _: True,
    ("ServiceRequest", f"{SR}/referral"): lambda case: case.referred,
    ("Task", f"{SR}/referral-task"): lambda case: case.referred,
    ("DiagnosticReport", f"{SR}/specialist-report"): lambda case: case.referred,
}
"""What a case leaves in the EHR: exactly one, when the condition holds, else none."""
_OLD = 3600


def settle(site: Site, hospital: Hospital, patience: float) -> None:
    """Wait until every case that was opened has ended and nothing is left to deliver.

    What was acknowledged must be there already: that is looked at first.
    """
    lost = missing(site.store, hospital.acknowledged)
    assert not lost, lost

    def settled() -> bool:
        assert not hospital.broken, hospital.broken
        return hospital.open_cases() == 0 and not rows(site.store, _UNSETTLED)

    try:
        until(settled, patience, "every case ends and every delivery arrives")
    except AssertionError as late:
        raise AssertionError(f"{late}; {rows(site.store, _UNSETTLED)}") from late


_UNSETTLED = (
    "select 'case', state, attempts, last_error from cases where state != 'closed' union all "
    "select 'delivery', state, attempts, kind from delivery join document on id = document_id "
    "where state != 'delivered'"
)


def wrongs(site: Site, hospital: Hospital) -> list[str]:
    """Everything that is lost, doubled or broken, on both sides."""
    cases = hospital.acknowledged
    return [
        *_at_the_ehr(hospital.ehr.root, cases),
        *in_the_store(site.store, cases),
        *_histories(site, cases),
    ]


# -- the EHR's side ------------------------------------------------------------------------


def _at_the_ehr(root: str, cases: Sequence[Acknowledged]) -> list[str]:
    ledger = httpx.get(f"{root}/ledger", timeout=30.0, trust_env=False).json()
    wrong = [f"the EHR holds two of {each}" for each in ledger["doubles"]]
    held = _held(ledger["committed"])
    for case in cases:
        for (type_, system), wanted in _ABOUT_A_CASE.items():
            found = len(held[type_, system, f"P-{case.token}"])
            if found != int(wanted(case)):
                wrong.append(f"{case.token} ({case.story}): {found} {type_} with {system}")
    wrong += _provenances(root, held)
    devices = {line["id"] for line in ledger["committed"] if line["type"] == "Device"}
    return wrong + ([f"{len(devices)} Devices for one model version"] if len(devices) != 1 else [])


def _held(lines: Iterable[dict[str, Any]]) -> dict[tuple[str, str, str], set[str]]:
    """(type, identifier system, patient's identifier) -> ids."""
    held: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for line in lines:
        patient = line["subject"].get("identifier", {}).get("value", "")
        for each in line["identifiers"]:
            held[line["type"], each.rpartition("|")[0], patient].add(line["id"])
    return held


def _provenances(root: str, held: dict[tuple[str, str, str], set[str]]) -> list[str]:
    """R4 Provenance names what it is about, not whom: exactly one for each opinion."""
    opinions = {
        f"{type_}/{id_}"
        for (type_, system, _), ids in held.items()
        for id_ in ids
        if system == f"{SR}/opinion-report"
    }
    with FhirClient(f"{root}/fhir") as client:
        provenances = client.search("Provenance", {})
    about = Counter(each["reference"] for one in provenances for each in one["target"])
    wrong = [f"{about[each]} Provenances about {each}" for each in opinions if about[each] != 1]
    if len(provenances) != len(opinions):
        wrong.append(f"{len(provenances)} Provenances for {len(opinions)} opinions")
    return wrong


# -- our side ------------------------------------------------------------------------------


def in_the_store(store: Store, cases: Sequence[Acknowledged]) -> list[str]:
    """Integrity, what was acknowledged, and what must be there once."""
    wrong = damage(store)
    asked = {case.sent.task.partition("/")[2] for case in cases}
    opened = {row[0] for row in rows(store, "select task_id from cases")}
    wrong += [f"a case that nobody asked for: Task/{task}" for task in opened - asked]
    wrong += missing(store, cases)
    wrong += [f"{text}: {row}" for query, text in _NEVER for row in rows(store, query)]
    return wrong


def missing(store: Store, cases: Sequence[Acknowledged]) -> list[str]:
    """What was acknowledged and is not here; and Tasks that did not open exactly one case."""
    stored = {f"{type_}/{id_}" for type_, id_ in rows(store, "select type, id from resource")}
    names = {name for case in cases for name in case.sent.names.values()}
    opened = Counter(f"Task/{row[0]}" for row in rows(store, "select task_id from cases"))
    asked = {case.sent.task for case in cases}
    return [
        *(f"acknowledged and not here: {name}" for name in sorted(names - stored)),
        *(f"{opened[task]} cases for {task}" for task in sorted(asked) if opened[task] != 1),
    ]


_NEVER = (
    ("select id, state from cases where state != 'closed'", "a case that has not ended"),
    ("select id from cases where lease_token is not null", "a case with a lease left"),
    ("select document_id from delivery where lease_token is not null", "a delivery with a lease left"),
    ("select document_id, state from delivery where state != 'delivered'", "an undelivered document"),
    (
        (
            "select c.id, count(f.number) n from cases c left join fact f on f.case_id = c.id "
            "and f.kind = 'ai-read' group by c.id having count(f.number) != 1"
        ),
        "AI reads of one case",
    ),
    (
        (
            "select c.id, count(d.id) n from cases c left join document d on d.case_id = c.id "
            "and d.kind = 'opinion' group by c.id having count(d.id) != 1"
        ),
        "opinions written for one case",
    ),
    (
        (
            "select type, system, value, count(*) n from search_value where param = 'identifier' "
            "group by type, system, value having count(*) > 1"
        ),
        "resources of ours with one identifier",
    ),
    (
        "select case_id, max(seq), count(*) n from event group by case_id having max(seq) != count(*)",
        "a history with a gap",
    ),
    (
        (
            "select r.type, r.id from resource r left join resource_version v on v.resource_key = r.key "
            "and v.version = r.version where v.version is null"
        ),
        "a resource without its current version",
    ),
)


def _histories(site: Site, cases: Sequence[Acknowledged]) -> list[str]:
    """Every hash chain is whole, as GET /cases/ID says and, for the first and last, the command line."""
    ids = {f"Task/{task}": case for case, task in rows(site.store, "select id, task_id from cases")}
    wrong = []
    with httpx.Client(base_url=site.root, timeout=10.0, trust_env=False) as client:
        for case in cases:
            told = client.get(f"/cases/{ids[case.sent.task]}", headers={"Accept": "application/json"}).json()
            wrong += _history_wrongs(told)
            task = client.get(f"/fhir/{case.sent.task}").json()
            if task["status"] != "completed":
                wrong.append(f"{case.sent.task} is {task['status']}")
    for case in (cases[0], cases[-1]):
        wrong += _history_wrongs(json.loads(site.command("case", ids[case.sent.task], "--json")))
    return wrong


def _history_wrongs(told: dict[str, Any]) -> list[str]:
    wrong = [] if told["chain"] == "whole" else [f"{told['case']}: the chain is {told['chain']}"]
    events = [each["event"] for each in told["history"]]
    counted = Counter(_ONCE[each] for each in events if each in _ONCE)
    if counted != dict.fromkeys(_ONCE.values(), 1):
        wrong.append(f"{told['case']}: {dict(counted)} in its history")
    return wrong


_AUDIT = re.compile(r"audit-\d+\.(db|db-wal|db-shm|lock)")
"""Who touched what: a file of each process, taken over by the next one."""
_ONCE = {
    "opened": "opened",
    "AI read sealed": "read by the model",
    "AI declined": "read by the model",
    "first read locked": "first read locked",
    "written up": "written up",
    "delivered": "delivered",
}


def leftovers(site: Site) -> list[str]:
    """What kills left in the data folder once the sweep has had its turn.

    The sweep spares what is younger than any request; here everything is made old, and a worker
    is started anew.
    """
    staging = site.data / "staging"
    for each in staging.iterdir():
        os.utime(each, (time.time() - _OLD, time.time() - _OLD))
    sweeper = site.program("work", "sweeper")
    site.bring_up(sweeper)
    left = [f"staging/{each.name}" for each in staging.iterdir()]
    known = {
        "vault",
        "staging",
        "audit.key",
        "second-reader.db",
        "second-reader.db-wal",
        "second-reader.db-shm",
        "second-reader.scratch",
        "second-reader.scratch-wal",
        "second-reader.scratch-shm",
        "second-reader.turn",
    }
    others = sorted({each.name for each in site.data.iterdir()} - known)
    return left + [each for each in others if not _AUDIT.fullmatch(each)]
