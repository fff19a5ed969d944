"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.log import configure
from tests.campaign_options import add_campaign_options
from tests.world import World, make_world


def pytest_addoption(parser: pytest.Parser) -> None:
    add_campaign_options(parser)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A house in an empty folder, with one destination."""
    yield from make_world(tmp_path / "data")


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Logs of the code under test would drown what failed."""
    configure("error", "tests")
