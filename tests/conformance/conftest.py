from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from conformance.demo.cases import Script, load
from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from conformance.peers.request import ReadRequest
from tests.conformance.fake_reader import FakeReader


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with Ehr(port=0) as program:
        yield program


@pytest.fixture
def hospital(ehr: Ehr) -> Iterator[FhirClient]:
    """A client of the hospital's own endpoint."""
    with FhirClient(ehr.base, timeout=10.0) as client:
        yield client


@pytest.fixture
def reader(ehr: Ehr) -> Iterator[FakeReader]:
    with FakeReader(ehr.base) as server:
        yield server


@pytest.fixture
def second_reader(reader: FakeReader) -> Iterator[FhirClient]:
    """A client of the scripted second reader."""
    with FhirClient(reader.base, timeout=10.0) as client:
        yield client


@pytest.fixture(scope="session")
def script() -> Script:
    return load()


@pytest.fixture
def request_(script: Script) -> ReadRequest:
    return script.request(script.stories[0], "test", datetime.now(UTC))
