"""The garbage collector rests while much is imported, and leaves it alone afterwards."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from server.loading import loading


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_collector_rests_meanwhile_and_leaves_alone_what_is_there() -> None:
    with loading():
        assert not gc.isenabled()
        there = [object()]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert not any(each is there for each in gc.get_objects())


def test_it_goes_on_after_an_import_that_fails() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
