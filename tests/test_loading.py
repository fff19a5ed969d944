"""The garbage collector rests while much is imported, and only then."""

from __future__ import annotations

import gc

import pytest

from server.loading import loading


def test_the_collector_rests_meanwhile() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_import_that_fails() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
