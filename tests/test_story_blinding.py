"""Whatever the model says, nobody on the case can tell before its time.

The same case is played in worlds that differ in the model's answer alone, under one clock. Everything that
any door answers is then compared, but for the random names of things: what is equal tells nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from math import sqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from server.fhir.bindings import KEPT
from server.log import configure
from server.model import Answer, Coding, Reveal, Urgency
from tests.world import (
    BACTERIAL,
    POLICY,
    SNOMED,
    SPECIALTY,
    VIRAL,
    Hospital,
    World,
    coded,
    doctor,
    make_world,
    send_case,
    sign_as,
    with_policy,
)

Views = dict[str, Any]
Play = Callable[[World], Hospital]

SAID = {"conclusionCode": [coded(BACTERIAL)]}
DRAFT = {"status": "preliminary", **SAID}
"""What there is of the first report before it is signed."""
SAYS = (Answer.PRESENT, Answer.ABSENT, None)
"""None: the model declines."""
RANDOM = re.compile(
    r"[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|2\.25\.\d{20,}"
    r"|(?<=>)[0-9a-f]{8}(?=<)|(?<=<title>Case )[0-9a-f]{8}|(?<=among equal scores )[0-9a-f]{12}"
)
"""Ids, digests, UIDs, what a page shows of an id, and lots drawn."""
SECOND = Coding(SNOMED, "394591006", "Neurology")
ORDER = (SPECIALTY, SECOND)
"""Whom the policy prefers, so that no lot decides who is asked."""
AUDITORS = ("AuditEvent",)
"""Of those who look after the house; no one on a case has them."""
SEARCHES = (
    "DiagnosticReport?conclusion=95883001",
    "DiagnosticReport?result.code=26464-8",
    "DiagnosticReport?status=final",
    "Observation?code=95883001",
    "Observation?value-concept=95883001",
    "Observation?_has:DiagnosticReport:result:status=final",
    "Provenance?agent-type=assembler",
    "Task?business-status=ai-running",
    "Task?business-status=closed-concordant",
    "Task?status=in-progress&_include=Task:focus&_revinclude=Provenance:target",
    "Task?status=requested&code=specialist-read",
)
PAGES = ("/cases", "/messages", "/metrics", "/health")
UNLIKE = ("process_", "python_", "second_reader_request")
"""Of the process that is asked, and of the very questions that a look puts to it."""


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Callable[..., World]]:
    opened: list[Iterator[World]] = []

    def open_(**changes: Any) -> World:
        urgency = {**POLICY.urgency, "confirmation": Urgency.URGENT}
        folder = tmp_path / f"w{len(opened)}"
        opened.append(make_world(folder, policy=with_policy(urgency=urgency, specialties=ORDER, **changes)))
        return next(opened[-1])

    yield open_
    for each in opened:
        next(each, None)


@pytest.fixture
def log() -> Iterator[list[Any]]:
    """Everything that is logged, at every level."""
    before = structlog.get_config()
    configure("debug", "tests")
    with capture_logs() as lines:
        yield lines
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def paths(world: World, sent: Hospital) -> Iterator[str]:
    """Every way to read that is known, each resource that is here and each version among them."""
    for type_ in KEPT:
        if type_ not in AUDITORS:
            yield from (f"/fhir/{type_}", f"/fhir/{type_}/_history")
            yield f"/fhir/{type_}?_security=AIAST&_summary=count"
    yield from (f"/fhir/{search}" for search in SEARCHES)
    yield f"/fhir/{sent.patient}/$everything"
    yield "/fhir/_history?_count=500"
    for entry in world.get("_history?_count=500").get("entry", []):
        made = entry.get("resource")
        if made is not None and made["resourceType"] not in AUDITORS:
            name = f"/fhir/{made['resourceType']}/{made['id']}"
            yield from (name, f"{name}/_history", f"{name}/_history/{made['meta']['versionId']}")
    yield from PAGES
    yield f"/cases/{world.house.ledger.case_of_task(sent.task_id)}"


def look(world: World, sent: Hospital) -> Views:
    """What is answered to whoever asks for it, headers and all, with random names renamed in their order."""
    named: dict[str, str] = {}
    seen: Views = {}
    for path in paths(world, sent):
        kinds = ("application/json", "text/html") if "/cases" in path else ("*/*",)
        for kind in kinds:
            answer = world.client.get(path, headers={"Accept": kind})
            assert answer.status_code < 500, path
            told = (answer.status_code, sorted(answer.headers.items()), lines(answer.text))
            seen[renamed(f"{path} as {kind}", named)] = renamed(repr(told), named)
    seen["sent"] = [renamed(body(each.content), named) for each in world.courier.sent]
    return seen


def lines(text: str) -> list[str]:
    """An exposition's without those of the process; of anything else all, in the order of their keys."""
    return [each for each in text.splitlines() if not each.removeprefix("# HELP ").startswith(UNLIKE)]


def body(content: bytes) -> str:
    return json.dumps(json.loads(content), sort_keys=True)


def timeless(line: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != "milliseconds"}


def renamed(text: str, named: dict[str, str]) -> str:
    return RANDOM.sub(lambda found: named.setdefault(found[0], f"name-{len(named)}"), text)


def differences(views: Mapping[Any, Views]) -> list[str]:
    """Where a look tells one world from another."""
    first, *others = views.values()
    return [
        f"{path}: {apart(str(first.get(path)), str(other.get(path)))}"
        for other in others
        for path in {**first, **other}
        if other.get(path) != first.get(path)
    ]


def apart(one: str, other: str) -> str:
    """The place where two texts part ways."""
    pairs = enumerate(zip_longest(one, other))
    at = next((number for number, (mine, theirs) in pairs if mine != theirs), 0)
    return f"{one[max(0, at - 60) : at + 60]!r} or {other[max(0, at - 60) : at + 60]!r}"


def unsigned(world: World) -> Hospital:
    """The model has read; the clinician has not signed."""
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    sent = send_case(world, None, report_more=DRAFT)
    world.run()
    return sent


def corrected(world: World) -> Hospital:
    """Rewritten before it is signed: the model has read twice."""
    sent = unsigned(world)
    world.put({**world.get(f"Task/{sent.task_id}"), "priority": "urgent"})
    world.run()
    world.watch.forward(hours=1)
    world.run()
    return sent


def waiting(world: World) -> Hospital:
    """Evidence has gone and has come back while the report is not signed."""
    sent = unsigned(world)
    found = [each["resource"] for each in world.get(f"Observation?patient={sent.patient}")["entry"]]
    gone = world.put({**found[0], "status": "entered-in-error"}).json
    world.run()
    world.put({**gone, "status": "final"})
    world.run()
    return sent


def offered(world: World) -> Hospital:
    """The clinician has signed, and a specialist is asked."""
    sent = unsigned(world)
    world.put({**sent.report, "status": "final", **SAID})
    world.run()
    assert world.state(sent.task_id) == "offered"
    return sent


def declined(world: World) -> Hospital:
    """The first specialist has no time, the second is asked."""
    doctor(world, "Reed", "Elsewhere Reed", SECOND)
    sent = offered(world)
    [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
    away = {**offer["resource"], "status": "rejected", "statusReason": {"text": "away"}}
    assert world.put(away).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "offered"
    return sent


def expired(world: World) -> Hospital:
    """The first specialist has not answered in time, the second is asked."""
    doctor(world, "Reed", "Elsewhere Reed", SECOND)
    sent = offered(world)
    world.watch.forward(minutes=31)
    world.run()
    assert world.state(sent.task_id) == "offered"
    return sent


def accepted(world: World) -> Hospital:
    """A specialist reads."""
    sent = offered(world)
    [offer] = world.get("Task?status=requested&code=specialist-read")["entry"]
    assert world.put({**offer["resource"], "status": "accepted"}).status_code == 200
    world.run()
    assert world.state(sent.task_id) == "accepted"
    return sent


def nobody(world: World) -> Hospital:
    """There is no specialist who may be asked: a coordinator has the case."""
    sent = send_case(world, BACTERIAL)
    world.run()
    assert world.state(sent.task_id) == "held"
    return sent


@pytest.mark.parametrize("play", [unsigned, corrected, waiting], ids=lambda each: each.__name__)
def test_before_the_first_read_is_locked(worlds: Callable[..., World], play: Play) -> None:
    assert differences({says: played(worlds(), play, says) for says in SAYS}) == []


@pytest.mark.parametrize(
    ("rule", "play"),
    [
        *(("P1", each) for each in (offered, declined, expired, accepted, nobody)),
        *((rule, each) for rule in ("P0", "P3") for each in (accepted, nobody)),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_while_a_specialist_is_asked(worlds: Callable[..., World], play: Play, rule: str) -> None:
    views = {says: played(worlds(rule=rule, audit_fraction=1.0), play, says) for says in SAYS}
    assert differences(views) == []


def played(world: World, play: Play, says: Answer | None) -> Views:
    world.reader.answer = says
    return look(world, play(world))


@pytest.mark.parametrize("play", [unsigned, accepted], ids=lambda each: each.__name__)
def test_the_log_tells_as_little(worlds: Callable[..., World], log: list[Any], play: Play) -> None:
    told = {says: logged(worlds(audit_fraction=1.0), log, play, says) for says in SAYS}
    assert any("case moved" in each for each in told[None].values())
    assert differences(told) == []


def logged(world: World, log: list[Any], play: Play, says: Answer | None) -> Views:
    """What a play leaves in the log, line by line, without how long each request took."""
    log.clear()
    world.reader.answer = says
    play(world)
    named: dict[str, str] = {}
    return {str(number): renamed(repr(timeless(line)), named) for number, line in enumerate(log)}


def test_once_it_is_resolved_the_opinion_is_there_and_the_comparison_can_tell(
    worlds: Callable[..., World],
) -> None:
    views = {}
    for says in SAYS:
        world = worlds(audit_fraction=1.0)
        world.reader.answer = says
        sent = accepted(world)
        [offer] = world.get("Task?status=accepted&code=specialist-read")["entry"]
        assert sign_as(world, offer["resource"]["owner"]["reference"], offer["resource"]["id"], VIRAL)
        world.run()
        assert world.state(sent.task_id) == "closed"
        views[says] = look(world, sent)
    told = differences(views)
    for surface in ("/fhir/Observation as", "/fhir/DiagnosticReport as", "/cases/", "sent"):
        assert any(each.startswith(surface) for each in told), surface


def test_whoever_guesses_from_the_queue_does_no_better_than_the_audits_let_them(
    worlds: Callable[..., World],
) -> None:
    # Second-reading S2.5: P(the model disagreed | asked) = d / (d + e (1 - d)).
    disagreeing, audited, number = 0.25, 0.4, 100
    world = worlds(audit_fraction=audited)
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    differs: dict[str, bool] = {}
    lots = Random(1)
    for each in range(number):
        lot = lots.random()
        world.reader.answer = Answer.ABSENT if lot < disagreeing else Answer.PRESENT
        sent = send_case(world, BACTERIAL, number=f"T-{each}")
        world.run()
        differs[sent.patient] = lot < disagreeing
    asked = everything_asked(world)
    looks = {renamed(json.dumps(each).replace(each["for"]["reference"], ""), {}) for each in asked}
    assert len({re.sub(r"T-\d+", "", each) for each in looks}) == 1, "nothing to guess by"
    right = sum(differs[each["for"]["reference"]] for each in asked)
    expected = disagreeing / (disagreeing + audited * (1 - disagreeing))
    spread = 4 * sqrt(expected * (1 - expected) / len(asked))
    assert len(asked) > sum(differs.values())
    assert abs(right / len(asked) - expected) < spread


def everything_asked(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    path: str | None = "Task?code=specialist-read&_count=50"
    while path:
        page = world.get(path)
        found += [each["resource"] for each in page.get("entry", [])]
        after = [each["url"] for each in page["link"] if each["relation"] == "next"]
        path = after[0].partition("/fhir/")[2] if after else None
    return found


def revealed(world: World, own: Coding = VIRAL) -> Hospital:
    """The specialist has answered blind, and is shown both unnamed."""
    sent = accepted(world)
    [offer] = world.get("Task?status=accepted&code=specialist-read")["entry"]
    answer = sign_as(world, offer["resource"]["owner"]["reference"], offer["resource"]["id"], own)
    world.run()
    sent.finally_at = str(answer.headers["Link"]).partition(">")[0].rpartition("/")[2]
    return sent


def signed(world: World) -> Hospital:
    """The blind answer is committed, and no worker has looked at it yet."""
    sent = accepted(world)
    [offer] = world.get("Task?status=accepted&code=specialist-read")["entry"]
    assert sign_as(world, offer["resource"]["owner"]["reference"], offer["resource"]["id"], VIRAL)
    return sent


@pytest.mark.parametrize("reveal", Reveal)
def test_until_the_blind_answer_is_committed_a_specialist_sees_the_same(
    worlds: Callable[..., World], reveal: Reveal
) -> None:
    views = {says: played(worlds(reveal=reveal, audit_fraction=1.0), signed, says) for says in SAYS}
    assert differences(views) == []


def test_after_it_the_final_read_alone_tells_and_it_is_found_by_nobody(worlds: Callable[..., World]) -> None:
    """In both worlds there is a second stage; what everybody finds is equal, X and Y are not."""
    views, shown = {}, {}
    for says in (Answer.PRESENT, Answer.ABSENT):
        world = worlds(reveal=Reveal.ALWAYS, audit_fraction=1.0)
        world.reader.answer = says
        sent = revealed(world)
        assert world.state(sent.task_id) == "revealed"
        views[says] = look(world, sent)
        task = world.get(f"Task/{sent.finally_at}")
        assert sent.finally_at not in repr(views[says])
        shown[says] = task
    assert differences(views) == []
    assert opinions(shown[Answer.PRESENT]) != opinions(shown[Answer.ABSENT])
    alike = [renamed(json.dumps(without_opinions(each), sort_keys=True), {}) for each in shown.values()]
    assert alike[0] == alike[1], "X and Y are all that differs"


@pytest.mark.parametrize("own", [VIRAL, BACTERIAL], ids=["against the first", "with the first"])
def test_there_is_a_second_stage_whatever_the_model_says(worlds: Callable[..., World], own: Coding) -> None:
    """How long a case lasts once its specialist is done tells nothing either."""

    def a_minute_later(world: World) -> Hospital:
        sent = revealed(world, own)
        world.watch.forward(minutes=1)
        world.run()
        return sent

    changes = {"reveal": Reveal.ALWAYS, "audit_fraction": 1.0}
    assert differences({says: played(worlds(**changes), a_minute_later, says) for says in SAYS}) == []


def test_human_and_model_swapped_make_the_same_tasks(worlds: Callable[..., World]) -> None:
    """Twenty cases where the human says present and the model absent, and twenty the other way around."""
    tasks: dict[Answer, list[dict[str, Any]]] = {}
    for says, first in ((Answer.ABSENT, BACTERIAL), (Answer.PRESENT, VIRAL)):
        world = worlds(reveal=Reveal.ALWAYS)
        role = doctor(world, "Quill", "Elsewhere", SPECIALTY)
        world.reader.answer = says
        tasks[says] = [finally_asked(world, role, first, f"T-{number}") for number in range(20)]
    shapes = {
        renamed(json.dumps(without_opinions(t), sort_keys=True), {}) for each in tasks.values() for t in each
    }
    assert len({re.sub(r"T-\d+", "", each) for each in shapes}) == 1, "nothing but X and Y to tell by"
    firsts = {says: [opinions(each)[0] for each in made] for says, made in tasks.items()}
    for each in firsts.values():
        assert 2 <= each.count("52101004") <= 18, "present is X about as often as Y, whoever says it"


def finally_asked(world: World, role: str, first: Coding, number: str) -> dict[str, Any]:
    send_case(world, first, number=number)
    world.run()
    [offer] = world.get(f"Task?owner={role}&status=requested")["entry"]
    world.put({**offer["resource"], "status": "accepted"})
    world.run()
    answer = sign_as(world, role, offer["resource"]["id"], VIRAL)
    world.run()
    return dict(world.get(f"Task/{str(answer.headers['Link']).partition('>')[0].rpartition('/')[2]}"))


def opinions(task: Mapping[str, Any]) -> list[str]:
    """The codes of X and Y."""
    return [
        each["valueCodeableConcept"]["coding"][0]["code"]
        for each in task["input"]
        if each["type"]["coding"][0]["code"] in ("opinion-x", "opinion-y")
    ]


def without_opinions(task: Mapping[str, Any]) -> dict[str, Any]:
    """All the rest, with how X and Y are said but for which of two codes it is."""
    said = json.dumps(task)
    for code, word in (("52101004", "Present"), ("2667000", "Absent")):
        said = said.replace(code, "CODE").replace(word, "WORD")
    return dict(json.loads(said))
