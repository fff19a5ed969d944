"""Fixtures for all tests."""

from __future__ import annotations

import gc
import socketserver
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from server.log import configure
from server.store.database import Database
from server.store.migrate import migrate
from server.store.tables import metadata
from tests.campaign_options import add_campaign_options
from tests.postgres import Cluster, binaries
from tests.world import World, make_world


def pytest_addoption(parser: pytest.Parser) -> None:
    add_campaign_options(parser)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests of the store, and those that say ``both_databases``, run on each of the two."""
    both = metafunc.module.__name__.startswith("tests.store.")
    both |= metafunc.definition.get_closest_marker("both_databases") is not None
    if both and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
    if both and "another_database" in metafunc.fixturenames:
        metafunc.parametrize("another_database", ["sqlite", "postgresql"], indirect=True)
    if "fate" in metafunc.fixturenames:
        first = metafunc.config.getoption("seed") or 0
        metafunc.parametrize("fate", range(first, first + metafunc.config.getoption("fates")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, so that no core waits for another at the end."""
    items.sort(key=lambda each: "tests/flow/" not in each.nodeid)


def pytest_collection_finish() -> None:
    """Thousands of tests are objects, too: a garbage collection need not look at them each time."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Nothing is skipped in silence: each reason once."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(each.longrepr[2]).removeprefix("Skipped: ") for each in skipped)
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"{number} skipped: {reason}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server with a database ``store`` at the present schema, and ``fresh`` to copy."""
    found = binaries()
    if found is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql (.ci/run does)")
    with Cluster(found) as cluster:
        database = Database(cluster.make_in_english("fresh"))
        migrate(database)
        database.close()
        cluster.copy("fresh", "store")
        yield cluster


@pytest.fixture
def emptied(postgres: Cluster) -> str:
    """The URL of ``store``, without any rows."""
    empty = "; ".join(str(delete(table)) for table in reversed(metadata.sorted_tables))
    postgres.run(empty, database="store")
    return postgres.url("store")


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The setting of that name: empty for SQLite."""
    chosen = getattr(request, "param", "sqlite")
    return "" if chosen == "sqlite" else str(request.getfixturevalue("emptied"))


@pytest.fixture
def another_database(request: pytest.FixtureRequest) -> Callable[[], str]:
    """For tests that need several: each call gives the setting ``database_url`` of one more."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return lambda: ""
    cluster: Cluster = request.getfixturevalue("postgres")
    numbers = count(1)
    return lambda: cluster.copy("fresh", f"another_{next(numbers)}")


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    """A house in an empty folder, with one destination."""
    yield from make_world(tmp_path / "data", database_url=database_url)


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Logs of the code under test would drown what failed."""
    configure("error", "tests")


@pytest.fixture(autouse=True, scope="session")
def _prompt() -> None:
    """Peers within the test process look twenty times a second, not twice, whether they are to stop."""
    serve_forever: Any = socketserver.BaseServer.serve_forever
    serve_forever.__defaults__ = (0.05,)
