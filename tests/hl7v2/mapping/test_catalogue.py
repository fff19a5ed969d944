"""The page prints the tables as they are; every concept map that a table uses is in the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

from server.hl7v2.mapping.catalogue import CONCEPTS, SEGMENTS, page
from server.hl7v2.mapping.concepts import orders, people, results
from server.hl7v2.mapping.concepts.table import Concepts

PAGE = Path(__file__).parents[3] / "docs" / "hl7v2.md"


def test_the_page_prints_the_tables_as_they_are() -> None:
    block = re.search(r"<!-- mapping -->\n(.*?)<!-- /mapping -->", PAGE.read_text(), re.DOTALL)
    assert block, "docs/hl7v2.md has no block between mapping markers"
    assert block[1].strip() == page(), "renew it with: python -m server messages mapping"


def test_a_row_is_of_the_segment_that_its_table_is_named_for() -> None:
    for name, table in SEGMENTS:
        assert {row.source.partition("-")[0] for row in table} == {name.partition("[")[0]}


def test_no_concept_map_is_left_out() -> None:
    ours = [
        each
        for module in (orders, people, results)
        for each in vars(module).values()
        if isinstance(each, Concepts)
    ]
    assert [each for each in ours if each.oracle and each not in CONCEPTS] == []
