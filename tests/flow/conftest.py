"""Fixtures of the campaigns: one EHR, one site of real processes, one seed that is always printed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.peers.ehr import Ehr
from tests.flow.processes import Site
from tests.postgres import Cluster

_EACH_KILL, _EACH_CUT = 6.0, 40.0
"""Seconds that one more of them may take, on two busy cores."""

Say = Callable[[str], None]
OnDatabase = Callable[[str], dict[str, str]]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Longer campaigns may take longer than the suite's limit for one test."""
    longer = _EACH_KILL * config.getoption("kills") + _EACH_CUT * config.getoption("cuts")
    longer += 2 * config.getoption("seconds")
    for item in items:
        if item.get_closest_marker("campaign"):
            item.add_marker(pytest.mark.timeout(300 + longer))


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Print a line that is seen even when the test passes."""

    def said(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)  # noqa: T201 - what a campaign did is its result

    return said


@pytest.fixture
def seed(request: pytest.FixtureRequest, say: Say) -> int:
    given = request.config.getoption("seed")
    chosen = random.SystemRandom().randrange(1_000_000) if given is None else int(given)
    say(f"{request.node.name}: --seed {chosen}")
    return chosen


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with Ehr(port=0) as program:
        yield program


@pytest.fixture(scope="session")
def on_database(request: pytest.FixtureRequest) -> OnDatabase:
    """Settings of a site by name: with ``--database postgresql`` an empty database on the tests' server."""
    if request.config.getoption("database") == "sqlite":
        return lambda _: {}
    cluster: Cluster = request.getfixturevalue("postgres")
    return lambda name: {"DATABASE_URL": cluster.make_for_campaign(name)}


@pytest.fixture
def site(tmp_path: Path, ehr: Ehr, on_database: OnDatabase) -> Iterator[Site]:
    with Site(tmp_path, ehr.base, **on_database("campaign")) as made:
        yield made
