"""The application around the door: health, headers, and errors that show nothing of themselves."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from server import __version__
from server.app import create_app
from server.errors import Category, fault
from server.log import configure
from tests.world import BACTERIAL, World, send_case

NAME = "Dapple, patient"


@pytest.mark.parametrize(
    "path", ["/health", "/metrics", "/cases", "/fhir/metadata", "/nowhere", "/fhir/Patient/x"]
)
def test_every_answer_is_named_uncached_and_typed(world: World, path: str) -> None:
    answer = world.client.get(path)
    assert uuid.UUID(answer.headers["X-Request-Id"])
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    again = world.client.get(path)
    assert again.headers["X-Request-Id"] != answer.headers["X-Request-Id"]


@pytest.mark.both_databases
def test_health_tells_what_runs(world: World) -> None:
    world.courier.failure = Category.FORBIDDEN
    send_case(world, BACTERIAL)
    world.run()
    answer = world.client.get("/health")
    assert answer.status_code == 200
    body = answer.json
    assert re.fullmatch(r"(SQLite 3|PostgreSQL 1)[0-9.]+", body.pop("database"))
    assert body == {
        "status": "ok",
        "version": __version__,
        "questions": ["bacterial-meningitis"],
        "parkedDeliveries": 1,
        "policies": {},
        "doubleReading": [],
        "driftAlarms": 0,
        "resultsToRead": 0,
        "unreadResults": 0,
        "contestedResults": 0,
        "openAssessments": 0,
        "lateAssessments": 0,
    }


def test_health_refuses_when_the_schema_is_another(world: World) -> None:
    world.house.database.write(lambda c: c.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'"))
    answer = world.client.get("/health")
    assert answer.status_code == 503
    assert "python -m server migrate" in answer.text


def test_metrics_are_in_prometheus_text(world: World) -> None:
    answer = world.client.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "second_reader_cases_late 0.0" in answer.text


@pytest.mark.parametrize(
    ("asked", "status", "code", "words"),
    [
        ("GET /", 404, "not-found", "see /fhir/metadata"),
        ("GET /nowhere", 404, "not-found", "see /fhir/metadata"),
        ("GET /cases/x/y", 404, "not-found", "see /fhir/metadata"),
        ("GET /cases/x", 404, "not-found", "GET /cases lists the latest"),
        ("POST /cases", 405, "not-supported", "offered: GET"),
        ("DELETE /health", 405, "not-supported", "offered: GET"),
    ],
)
def test_what_is_not_here_is_told_in_fhirs_words(
    world: World, asked: str, status: int, code: str, words: str
) -> None:
    method, path = asked.split()
    answer = world.client.open(path, method=method)
    assert answer.status_code == status
    [issue] = answer.json["issue"]
    assert answer.json["resourceType"] == "OperationOutcome"
    assert issue["code"] == code
    assert words in issue["diagnostics"]


def with_view(world: World, error: Exception) -> Any:
    """The answer of a page that fails so."""
    app = create_app(world.house, world.watch)

    def fails() -> Any:
        raise error

    app.add_url_rule("/fails", view_func=fails)
    return app.test_client().get("/fails")


def test_an_unforeseen_error_shows_nothing_of_itself_and_is_logged(world: World) -> None:
    with capture_logs() as told:
        answer = with_view(world, ZeroDivisionError(NAME))
    [issue] = answer.json["issue"]
    assert (answer.status_code, issue["code"]) == (500, "exception")
    assert "X-Request-Id" in issue["diagnostics"]
    assert "ZeroDivisionError" not in answer.text
    assert NAME not in answer.text
    [line] = [each for each in told if each["log_level"] == "error"]
    assert line["error"] == "ZeroDivisionError"
    assert line["request"] == answer.headers["X-Request-Id"]


def test_a_refusal_of_any_page_is_told_as_the_door_tells_it(world: World) -> None:
    answer = with_view(world, fault(Category.UNAVAILABLE, "no-store", "the store cannot be used now"))
    [issue] = answer.json["issue"]
    assert (answer.status_code, issue["code"]) == (503, "no-store")
    assert issue["diagnostics"] == "the store cannot be used now"
    assert answer.headers["Retry-After"] == "5"


def test_the_log_names_the_route_and_not_the_url(world: World) -> None:
    before = structlog.get_config()
    configure("info", "tests")
    try:
        with capture_logs() as told:
            world.client.get("/fhir/Patient?identifier=urn:x|12345")
            world.client.get("/cases/12345")
            world.client.get("/12345")
    finally:
        structlog.configure(**before)
    assert [(each["route"], each["status"]) for each in told] == [
        ("/fhir/<type_>", 200),
        ("/cases/<case_id>", 404),
        ("(none)", 404),
    ]
    assert "12345" not in str(told)
