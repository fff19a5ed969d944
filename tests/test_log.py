"""Logs: one JSON object a line, on standard error, at the chosen level."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from gunicorn.config import Config

from server.log import GunicornLog, configure, logger

NAME = "Quill, Testina"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_is_one_json_object_with_time_level_and_process(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "work")
    logger().info("case moved", case="c1", events=["opened"])
    out, err = capsys.readouterr()
    [line] = lines(err)
    assert out == ""
    assert str(line.pop("timestamp")).endswith("Z")
    assert line == {
        "event": "case moved",
        "level": "info",
        "process": "work",
        "case": "c1",
        "events": ["opened"],
    }


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_is_the_chosen_one(capsys: pytest.CaptureFixture[str], level: str, told: list[str]) -> None:
    configure(level, "work")
    for each in ("debug", "info", "warning", "error"):
        getattr(logger(), each)("x")
    assert [line["level"] for line in lines(capsys.readouterr().err)] == told


def fails(name: str) -> None:
    try:
        int(name)
    except ValueError as error:
        raise LookupError(name) from error


def test_an_exception_is_told_on_its_line_by_place_and_kind_but_not_by_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure("info", "work")
    try:
        fails(NAME)
    except LookupError:
        logger().exception("failed")
    err = capsys.readouterr().err
    [line] = lines(err)
    told = str(line["exception"])
    assert "in fails" in told
    assert told.index("LookupError") < told.index("which followed from") < told.index("ValueError")
    assert NAME not in err


def test_gunicorn_speaks_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    log = GunicornLog(Config())
    try:
        log.info("Booting worker with pid: %s", 7)
        [line] = lines(capsys.readouterr().err)
        assert line["event"] == "Booting worker with pid: 7"
        assert line["level"] == "info"
        assert "timestamp" in line
    finally:
        for handler in list(logging.getLogger("gunicorn.error").handlers):
            logging.getLogger("gunicorn.error").removeHandler(handler)
