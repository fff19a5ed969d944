"""What cannot start says why in one line and ends; anything else is an error of ours and is seen whole."""

from __future__ import annotations

import pytest

from server.ending import REFUSED, one_sentence
from server.errors import Category, fault


@pytest.mark.parametrize("status", [REFUSED, 3])
def test_a_fault_is_one_line_and_a_status(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, one_sentence(status):
        raise fault(Category.INCORRECT, "value", "this is not usable; allowed: that")
    assert ended.value.code == status
    assert capsys.readouterr() == ("", "second-reader: this is not usable; allowed: that\n")


def test_the_rest_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), one_sentence():
        raise ZeroDivisionError


def test_what_goes_well_goes_on() -> None:
    with one_sentence():
        done = True
    assert done
