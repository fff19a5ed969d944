from __future__ import annotations

import pytest

from server.errors import Fault
from server.model import Coding, Matching, Spoken, Weights
from server.routing.policy import read_policy

from .test_policy import SHIPPED

PLAIN = SHIPPED[: SHIPPED.index("[matching]")] if "[matching]" in SHIPPED else SHIPPED
BOARD = '{ system = "urn:board", code = "id", display = "Infectious diseases" }'
WEIGHTS = "[matching.weights]\nspecialty = 0.4\nvolume = 0.1\nspeed = 0.2\nquality = 0.2\nload = 0.1\n"
SHARE = "must be a number from 0 to 1"
TRUTH = "must be true or false"
CAP = "must be a number of open offers from 1 to 10000; left out: no cap"


def of(*lines):
    return read_policy("\n".join([PLAIN, "[matching]", *lines]), "bacterial-meningitis.toml").matching


def test_what_is_left_out_is_not_demanded():
    assert read_policy(PLAIN, "bacterial-meningitis.toml").matching == of() == Matching()
    assert Matching().weights == Weights(specialty=0.5, volume=0, speed=0.3, quality=0, load=0.2)


def test_everything_that_can_be_demanded():
    assert of(
        f"credentials = [{BOARD}]",
        "licence = true",
        'language = "interpreter"',
        "reporting_line = true",
        "most_open = 5",
        "measured = true",
        "confidence = 0.3",
        WEIGHTS,
    ) == Matching(
        credentials=(Coding("urn:board", "id", "Infectious diseases"),),
        licence=True,
        language=Spoken.INTERPRETER,
        reporting_line=True,
        most_open=5,
        measured=True,
        confidence=0.3,
        weights=Weights(0.4, 0.1, 0.2, 0.2, 0.1),
    )


@pytest.mark.parametrize(
    ("line", "key", "sentence"),
    [
        ('credentials = ["neuro"]', "matching.credentials.0", "must be a table with the keys: system, code"),
        ('credentials = [{ system = "urn:b", code = "c" }]', "matching.credentials.0.display", "must be the"),
        ('credentials = "neuro"', "matching.credentials", "must be a list of qualifications"),
        ('licence = "yes"', "matching.licence", TRUTH),
        ('language = "fr"', "matching.language", "must be one of: any, specialist, interpreter"),
        ("reporting_line = 2", "matching.reporting_line", TRUTH),
        ("most_open = 0", "matching.most_open", CAP),
        ("most_open = 2.5", "matching.most_open", CAP),
        ("measured = 7", "matching.measured", TRUTH),
        ("confidence = 1.1", "matching.confidence", SHARE),
        ('confidence = "0.3"', "matching.confidence", SHARE),
        ("fee = 1", "matching.fee", "there is no such key; the keys here are: credentials, licence,"),
        (WEIGHTS.replace("0.4", "0.5"), "matching.weights", "must be weights that add up to 1"),
        (WEIGHTS.replace("0.4", "-0.4"), "matching.weights.specialty", SHARE),
        (WEIGHTS.replace("load = 0.1\n", ""), "matching.weights.load", SHARE),
        (WEIGHTS + "fee = 0.0\n", "matching.weights.fee", "there is no such key"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named_with_what_is_allowed(line, key, sentence):
    with pytest.raises(Fault) as refused:
        of(line)
    assert [issue.path for issue in refused.value.issues] == [key]
    assert f"key {key}: {sentence}" in refused.value.issues[0].text
