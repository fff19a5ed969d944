from __future__ import annotations

import re
from pathlib import Path

from server.fhir.bindings import READABLE
from server.fhir.offered import table

PAGE = Path(__file__).parents[2] / "docs" / "fhir-door.md"


def test_every_type_has_its_line():
    lines = table().splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == [
        "| every type",
        *(f"| {type_}" for type_ in READABLE),
    ]
    assert lines[2] == "| every type | | `_id`, `_lastUpdated`, `_profile`, `_security`, `_source`, `_tag` |"
    task = next(line for line in lines if line.startswith("| Task |"))
    assert "updates need `If-Match`" in task
    assert "`focus`" in task


def test_the_page_prints_the_table_as_it_is():
    block = re.search(r"<!-- types -->\n(.*?)<!-- /types -->", PAGE.read_text(), re.DOTALL)
    assert block, "docs/fhir-door.md has no block between types markers"
    assert block[1].strip() == table(), "renew it with: python -m server types"
