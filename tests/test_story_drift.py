"""A device whose software is upgraded, and a model whose answers move: the alarm, and what comes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update
from structlog.testing import capture_logs

from server import drift_commands
from server.changes import Act, Switch, scope_of
from server.commands import main
from server.drifting import Watches
from server.model import Answer, Card, Device
from server.routing.drift import Alarm, Judged, Sign
from server.routing.drift_streams import ALL, Stream
from server.store import lots
from server.store.drift import Counted, DriftStore
from server.store.policy_tables import result
from server.store.tables import cases
from server.workers import watches
from tests.test_story_changes import QUESTION, kept, metrics, moves, text
from tests.test_story_devices import ACME, FILMS, NEWER, OTHER, read
from tests.world import BACTERIAL, CARD, SPECIALTY, VIRAL, World, doctor, make_world, send_case

IMAGES = '\n[images]\nquiet_study = "30 s"\ncomplete_within = "2 h"\nwhen_late = "wait"\n'
OLD, NEW = (Device(*each.values()) for each in (ACME, NEWER))
ANOTHER = Device("Other")
BASELINE = 200
Sited = Callable[..., World]


def drifting(act: str, *, images: bool = False) -> str:
    found = text(version='"2.0.0"').replace('act = "tell"', f'act = "{act}"')
    return found.replace("baseline = 1000", f"baseline = {BASELINE}") + (IMAGES if images else "")


@pytest.fixture
def sited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sited]:
    """Worlds whose policy looks for drift; the last one is what the command is about. Lots are of ten."""
    made: list[Iterator[World]] = []
    monkeypatch.setattr(lots, "SPREAD", 1)

    def open_(act: str = "stop", *, films: bool = False) -> World:
        card: Card = FILMS if films else CARD
        made.append(make_world(tmp_path / str(len(made)), card=card))
        world = next(made[-1])
        world.house.rulings.changes.begin(kept(drifting(act, images=films)), world.watch())
        monkeypatch.setattr(drift_commands, "build", lambda *_, **__: world.house)
        monkeypatch.setattr(drift_commands, "now", world.watch)
        return world

    yield open_
    for each in made:
        next(each, None)


def resolved(world: World, count: int, every: int, *devices: Device | None) -> None:
    """So many results of as many people, of the devices in turn; one of ``every`` of each is present."""
    known = world.house.database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM result").scalar_one())
    kinds, of_cases, of_results = devices or (None,), list[dict[str, Any]](), list[dict[str, Any]]()
    for number in range(known, known + count):
        says = "present" if number // len(kinds) % every == 0 else "absent"
        device = kinds[number % len(kinds)]
        of_cases.append(
            {
                "id": f"c{number}", "question": QUESTION, "task_id": f"t{number}", "report": f"R/{number}",
                "patient": f"Patient/x{number}", "task_system": "urn:s", "task_value": str(number),
                "opened_at": world.watch(), "state": "closed", "first": "locked", "ai": "released",
                "attempts": 0, "news": 0,
            }
        )  # fmt: skip
        of_results.append(
            {
                "case_id": f"c{number}", "question": QUESTION, "card": CARD.identity, "at": world.watch(),
                "verdict": "concordant", "rule": "P1", "first": says, "model": says,
                "probability": (number * 37 % 101) / 101, "priority": "routine",
                "maker": None if device is None else device.maker,
                "device": None if device is None else device.model,
                "software": None if device is None else device.software,
            }
        )  # fmt: skip
    db = world.house.database
    db.write(lambda c: (c.execute(insert(cases), of_cases), c.execute(insert(result), of_results)))
    world.watch.forward(days=1)


def a_process(world: World) -> Watches:
    """The watches of one that has just started."""
    return watches(world.house, world.watch)


def said(world: World) -> list[Switch]:
    return world.house.rulings.switches.words()


def back(world: World, scope: str) -> None:
    for by, act in (("Ada", Act.ASKED), ("Bo", Act.NORMAL)):
        world.house.rulings.switches.back(scope, by, "looked at", world.watch(), lambda _, act=act: act)


def health(world: World) -> Any:
    return world.client.get("/health").json


def told() -> Any:
    [found] = json.loads(run("--json"))["drift"]
    return found


def run(*words: str) -> str:
    found = CliRunner().invoke(main, ("drift", *words))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found.output


def upgraded(world: World) -> None:
    """Two devices; then the software of one is another, and says present five times as often."""
    resolved(world, 400, 20, OLD, ANOTHER)
    resolved(world, 200, 4, NEW)


# -- a device ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("header", "state"), [(NEWER, "offered"), (ACME, "closed"), (OTHER, "closed")])
def test_the_switch_is_thrown_for_the_upgraded_device_alone(
    sited: Sited, header: dict[str, str], state: str
) -> None:
    world = sited(films=True)
    upgraded(world)
    with capture_logs() as logs:
        a_process(world).look_at_all()
    [word] = said(world)
    assert (word.scope, word.by, word.act) == (scope_of(NEW), "drift rule", Act.SAFE)
    assert "device acme imaging dx 200, software 4.0: more answers are present since 2026-" in word.reason
    assert "(present before: 5.0% of 200; now: 25.0% of 200)" in word.reason
    assert [each["log_level"] for each in logs if each["event"].startswith("stopped by drift")] == ["error"]
    assert health(world)["doubleReading"] == [
        {"scope": scope_of(NEW), "since": word_at(word), "by": "drift rule"}
    ]
    assert world.state(read(world, **header).task_id) == state


def word_at(word: Switch) -> str:
    return word.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_it_is_thrown_once_whoever_looks_and_however_often(sited: Sited) -> None:
    world = sited(films=True)
    upgraded(world)
    process, another = a_process(world), a_process(world)
    assert process.look(QUESTION)
    assert not process.look(QUESTION)
    assert not another.look(QUESTION)
    assert len(said(world)) == 1
    resolved(world, 100, 4, NEW)
    assert not process.look(QUESTION)


def test_without_a_change_nothing_is_thrown(sited: Sited) -> None:
    world = sited(films=True)
    resolved(world, 1000, 20, OLD, ANOTHER, NEW)
    a_process(world).look_at_all()
    assert said(world) == []
    assert health(world)["driftAlarms"] == 0


def test_after_people_went_back_only_what_came_since_is_counted(sited: Sited) -> None:
    world = sited(films=True)
    upgraded(world)
    process = a_process(world)
    process.look_at_all()
    back(world, scope_of(NEW))
    assert not process.look(QUESTION)
    # What they have gone back to is the baseline of that device now, and the others are not held against it.
    resolved(world, 2 * BASELINE + 100, 4, NEW)
    resolved(world, 200, 20, OLD, ANOTHER)
    assert not process.look(QUESTION)
    resolved(world, 100, 1, NEW)
    assert process.look(QUESTION)
    assert [each.scope for each in said(world)] == [scope_of(NEW)] * 4


def test_a_lot_that_is_not_full_is_not_looked_at(sited: Sited) -> None:
    world = sited(films=True)
    resolved(world, 400, 20, OLD, ANOTHER)
    process = a_process(world)
    process.look_at_all()
    resolved(world, 9, 1, NEW)
    reads = process.drift.store
    before = process.drift.streams(QUESTION)
    assert reads.seen(QUESTION, CARD.identity).results == 409
    assert process.drift.streams(QUESTION) is before
    resolved(world, 1, 1, NEW)
    assert process.drift.streams(QUESTION) is not before


# -- all together --------------------------------------------------------------------------------


def test_a_case_that_is_resolved_makes_the_look_and_the_question_is_read_twice(sited: Sited) -> None:
    world = sited()
    doctor(world, "Quill", "Elsewhere", SPECIALTY)
    resolved(world, BASELINE, 20)
    resolved(world, 200, 4)
    assert said(world) == []
    sent = send_case(world, BACTERIAL)
    world.run()
    [word] = said(world)
    assert (word.scope, word.by) == (QUESTION, "drift rule")
    assert word.reason.startswith("scripted@1.0.0: all together: more answers are present since")
    assert word.figures is not None
    later = send_case(world, BACTERIAL, number="T-2")
    world.run()
    assert [world.state(each.task_id) for each in (sent, later)] == ["closed", "offered"]


def test_who_dies_before_the_look_is_made_good_at_the_next_start(sited: Sited) -> None:
    world = sited()
    resolved(world, BASELINE, 20)
    process = a_process(world)
    process.look_at_all()
    resolved(world, 200, 4)
    assert said(world) == []
    a_process(world).look_at_all()
    assert [each.scope for each in said(world)] == [QUESTION]


def test_while_two_humans_read_everything_nothing_is_looked_for(sited: Sited) -> None:
    world = sited("tell")
    resolved(world, BASELINE, 20)
    resolved(world, 200, 4)
    assert health(world)["driftAlarms"] == 1
    world.house.rulings.switches.throw(QUESTION, "Ada", "it drifts", world.watch())
    assert health(world)["driftAlarms"] == 0
    assert "two humans read every case of this question: nothing alarms" in run()
    back(world, QUESTION)
    assert health(world)["driftAlarms"] == 0
    assert told()["streams"][0]["baseline"]["results"] == "fewer than 10"


def test_a_new_model_version_begins_anew(sited: Sited) -> None:
    world = sited("tell")
    resolved(world, BASELINE, 20)
    world.house.database.write(lambda c: c.exec_driver_sql("UPDATE result SET card = 'scripted@0.9.0'"))
    resolved(world, 200, 4)
    assert health(world)["driftAlarms"] == 0
    assert told()["streams"][0]["baseline"]["results"] == BASELINE


# -- told, and no more ---------------------------------------------------------------------------


def test_an_alarm_that_is_told_throws_nothing_and_is_in_the_log_once_for_each_process(sited: Sited) -> None:
    world = sited("tell", films=True)
    upgraded(world)
    process = a_process(world)
    with capture_logs() as logs:
        assert not process.look(QUESTION)
        resolved(world, 20, 4, NEW)
        assert not process.look(QUESTION)
    assert said(world) == []
    [line] = [each for each in logs if each["event"].startswith("drift")]
    assert (line["log_level"], line["scope"]) == ("error", scope_of(NEW))
    assert line["sign"] == "more answers are present"
    assert health(world)["driftAlarms"] == 1
    assert b'second_reader_drift_alarms{question="bacterial-meningitis"} 1.0' in metrics(world)
    with capture_logs() as logs:
        a_process(world).look_at_all()
    assert len(logs) == 1


def test_without_the_table_nobody_looks(sited: Sited, monkeypatch: pytest.MonkeyPatch) -> None:
    world = sited("tell")
    resolved(world, BASELINE, 20)
    resolved(world, 200, 4)
    monkeypatch.setattr("server.drifting.parsed", lambda _: world.house.policies[QUESTION])
    assert health(world)["driftAlarms"] == 0
    assert b"second_reader_drift_alarms{" not in metrics(world)
    assert run() == "no policy in force looks for drift\n"
    assert run("--question", QUESTION) == "no policy in force of this question looks for drift\n"


# -- nothing under seal --------------------------------------------------------------------------

OVER = ("resolved", "written-up", "sent", "closed")


@pytest.mark.parametrize("act", ["tell", "stop"])
@pytest.mark.parametrize(("first", "end"), [(VIRAL, VIRAL), (BACTERIAL, BACTERIAL)])
def test_until_a_case_is_resolved_nothing_tells_what_the_model_says_of_it(
    sited: Sited, act: str, first: Any, end: Any
) -> None:
    """Its result fills a lot, and the lot alarms if it says present: after 29 the sum stands at 9.2 of 10."""
    views, afterwards = [], []
    for says in (Answer.ABSENT, Answer.PRESENT, None):
        world = sited(act)
        resolved(world, BASELINE, 20)
        resolved(world, 20, 2)
        resolved(world, 9, 9)
        seen = []
        with capture_logs() as logs:
            for sent in moves(world, first, says, end):
                if str(world.trace(sent.task_id)["state"]) in OVER:
                    break
                a_process(world).look_at_all()
                noted = [each for each in logs if "drift" in each["event"]]
                seen.append(
                    (health(world)["driftAlarms"], json.dumps(told()), drift_of(metrics(world)), noted)
                )
        views.append(tuple(dict.fromkeys(map(str, seen))))
        world.run()
        a_process(world).look_at_all()
        afterwards.append(health(world)["driftAlarms"] + len(said(world)))
    assert len(set(views)) == 1
    assert afterwards == [0, 1, 0]


def drift_of(scraped: bytes) -> list[bytes]:
    return [each for each in scraped.splitlines() if b"drift" in each]


def test_a_question_that_is_asked_anew_takes_the_lot_out_of_what_is_told(sited: Sited) -> None:
    world = sited("tell")
    resolved(world, BASELINE + 30, 20)
    assert told()["streams"][0]["now"]["results"] == 30
    again = {"id": "again", "state": "ready", "patient": f"Patient/x{BASELINE + 15}"}
    row = {
        "question": QUESTION, "task_id": "t", "report": "R/again", "task_system": "urn:s", "task_value": "x",
        "opened_at": world.watch(), "first": "awaited", "ai": "sealed", "attempts": 0, "news": 0, **again,
    }  # fmt: skip
    world.house.database.write(lambda c: c.execute(insert(cases).values(row)))
    assert told()["streams"][0]["now"]["results"] == 20


def test_a_lot_that_opens_again_is_looked_at_though_nothing_new_is_resolved(sited: Sited) -> None:
    world = sited("tell")
    resolved(world, BASELINE, 20)
    watch = a_process(world).drift
    row = {
        "question": QUESTION, "task_id": "t", "report": "R/again", "task_system": "urn:s", "task_value": "x",
        "opened_at": world.watch(), "first": "awaited", "ai": "sealed", "attempts": 0, "news": 0,
        "id": "again", "state": "ready", "patient": f"Patient/x{BASELINE + 3}",
    }  # fmt: skip
    world.house.database.write(lambda c: c.execute(insert(cases).values(row)))
    resolved(world, 20, 1)
    assert watch.alarms(QUESTION) == ()
    lapse = update(cases).where(cases.c.id == "again").values(state="lapsed")
    world.house.database.write(lambda c: c.execute(lapse))
    assert len(watch.alarms(QUESTION)) == 1


def test_a_look_is_ten_minutes_old_at_the_most(sited: Sited) -> None:
    """Whatever may change what is stored: here a result that is another though no case came or went."""
    world = sited("tell")
    resolved(world, BASELINE, 20)
    resolved(world, 20, 20)
    watch = a_process(world).drift
    assert watch.alarms(QUESTION) == ()
    world.house.database.write(lambda c: c.execute(update(result).values(model="present")))
    change = update(result).where(result.c.seq <= BASELINE).values(model="absent")
    world.house.database.write(lambda c: c.execute(change))
    world.watch.forward(minutes=9)
    assert watch.alarms(QUESTION) == ()
    world.watch.forward(minutes=1)
    assert len(watch.alarms(QUESTION)) == 1


def test_an_alarm_of_the_latest_scores_is_told_once_and_not_each_day(sited: Sited) -> None:
    world = sited("tell")
    watch = a_process(world).drift
    stream = Stream(ALL, Judged((10, 200), (10, 200)), own=True)
    with capture_logs() as logs:
        for day in (date(2026, 1, 5), date(2026, 1, 6)):
            judged = replace(stream.judged, alarms=(Alarm(Sign.SPREAD, day),))
            watch._tell(QUESTION, replace(stream, judged=judged))
        assert len(logs) == 1
        world.house.rulings.switches.throw(QUESTION, "Ada", "it drifts", world.watch())
        resolved(world, 1, 1)
        back(world, QUESTION)
        watch._tell(QUESTION, replace(stream, judged=judged))
    assert len(logs) == 2, "after people have gone back it is another one"


def test_the_clock_may_go_back(sited: Sited) -> None:
    world = sited("tell")
    resolved(world, BASELINE, 20)
    world.watch.forward(days=-30)
    resolved(world, 200, 4)
    assert health(world)["driftAlarms"] == 1


class Slow(DriftStore):
    """Each look takes two seconds."""

    def __init__(self, world: World) -> None:
        super().__init__(world.house.database)
        self.world, self.looks = world, 0

    def counted(self, question: str, card: str) -> Counted:
        self.looks += 1
        self.world.watch.forward(seconds=2)
        return super().counted(question, card)


def test_looks_take_a_hundredth_of_the_time_at_the_most(sited: Sited) -> None:
    world = sited("tell")
    slow = Slow(world)
    watch = replace(a_process(world).drift, store=slow)
    resolved(world, BASELINE, 20)
    watch.look(QUESTION)
    resolved(world, 200, 4)
    world.watch.forward(days=-1)
    world.watch.forward(seconds=199)
    assert watch.alarms(QUESTION) == ()
    world.watch.forward(seconds=1)
    assert len(watch.alarms(QUESTION)) == 1
    resolved(world, 10, 4)
    world.watch.forward(days=-1)
    world.watch.forward(seconds=-60)
    watch.look(QUESTION)
    assert slow.looks == 3, "a clock that was set back keeps nobody from looking"
