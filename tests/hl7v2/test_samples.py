"""What becomes of each of the 91 real-shaped messages: a table, and why the refused ones are refused."""

from __future__ import annotations

import pytest

from server.hl7v2.judge import Arrived, Refused, Taken, judge
from server.hl7v2.link import Named
from tests.hl7v2.samples import FOLDER, MESSAGES, payload, rows
from tests.hl7v2.written import NOW, link

LINK = link(sender=Named(), processing=frozenset({"P", "T"}))
"""Some of them are training messages, and each is by someone else."""


@MESSAGES
@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_each_gets_the_answer_of_the_table(row: dict[str, str]) -> None:
    found = judge(Arrived(payload(row["file"]), NOW, "m-1"), [LINK])
    if isinstance(found, Taken):
        assert (row["answer"], row["structure"]) == ("AA", found.heard.structure)
        assert "; ".join(found.heard.notes) == row["notes"]
        return
    assert isinstance(found, Refused)
    verdict, code = found.turned.reason.split()[:2]
    assert (verdict, code) == (row["answer"], row["code"])
    assert row["why"]


@MESSAGES
def test_the_table_has_them_all() -> None:
    assert FOLDER is not None
    assert sorted(each.name for each in FOLDER.iterdir()) == [row["file"] for row in rows()]
