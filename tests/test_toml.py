"""Of what is not TOML only the place is told."""

from __future__ import annotations

import tomllib

import pytest

from server.toml import where


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = [", "at end of document"),
        ("a = 1\nb = s3cret", "at line 2, column 5"),
        (
            "a = {'(at line 9, column 9)' = 1, '(at line 9, column 9)' = 2}",
            "at line 1, column 62",
        ),
    ],
)
def test_the_place_is_told_and_nothing_that_stands_there(text: str, place: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as refused:
        tomllib.loads(text)
    assert where(refused.value) == place


def test_a_sentence_without_a_place_is_not_quoted() -> None:
    assert where(tomllib.TOMLDecodeError("s3cret")) == "somewhere"
