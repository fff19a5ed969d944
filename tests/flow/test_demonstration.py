"""The demonstration as it is started by ``make run``, with a real server: cases with films, to their end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.demo import cases, command

pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)
ARGUMENTS = ("--start", "--exit", "--port=0", "--ehr-port=0", "--dicom-port=0", "--pacs-port=0")


def _some(*keys: str) -> object:
    """``load``, with these cases only."""

    def load(path: Path = cases.CASES, of: str = "case") -> cases.Script:
        script = cases.load(path, of)
        return replace(script, stories=tuple(each for each in script.stories if each.key in keys))

    return load


def test_films_are_told_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told = (
        "missed", "late-signature", "refused-ai", "unseen", "film-missed", "film-adult", "film-late",
        "film-wrong-patient", "film-open",
    )  # fmt: skip
    monkeypatch.setattr(command, "load", _some(*told))
    result = CliRunner().invoke(command.demo, ARGUMENTS)
    assert result.exit_code == 0, result.output
    assert result.output.count("As told") == len(told)
    for words in (
        "8 of 9: The film bears the id of somebody else",
        "signs: PUT DiagnosticReport/",
        "POST Consent: 201",
        "output agreement = not-asked",
        "counts from now on, for every case that is opened",
        "does not look at Task/",
        "its own Task is in-progress · awaiting-specialist",
        "modality      sends 1 film by C-STORE: 0000",
        "pacs          keeps SR, map, picture",
        "capture to pacs: delivered after 1 attempt, committed",
        "not all of its images have",
        "its own Task is on-hold · awaiting-coordinator",
    ):
        assert words in result.output
