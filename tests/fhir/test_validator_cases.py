"""What we say of the cases of FHIR's own validator is what the table says, and differences have a reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fhir import validator_cases
from tests.fhir.validator_cases import CASES, kept, key, made

TABLE = kept()


def test_every_difference_has_a_reason():
    for row in TABLE.values():
        assert bool(row.why) == row.verdict.startswith("we say"), row.case


def test_most_verdicts_agree():
    told = [row.verdict for row in TABLE.values() if row.expected != "unknown"]
    assert len(told) > 200
    assert told.count("agree") / len(told) > 0.7


@pytest.mark.skipif(not CASES.is_dir(), reason="the validator's cases are not at ../shared/data")
@pytest.mark.parametrize("suffix", [".json", ".xml"])
def test_the_table_is_what_comes_out(suffix):
    if suffix == ".xml" and validator_cases.xml_read is None:
        pytest.skip("there is no reader of XML here")
    rows = {key(row): row for row in made() if row.file.endswith(suffix)}
    committed = {one: replace(row, why="") for one, row in TABLE.items() if row.file.endswith(suffix)}
    assert rows == committed
