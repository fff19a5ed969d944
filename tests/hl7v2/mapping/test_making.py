"""No two drafts of a story are the same thing: a transaction writes each once."""

from __future__ import annotations

import pytest

from tests.hl7v2.mapping.telling import PID, told
from tests.hl7v2.mapping.test_spoilt import WHOLE

_AGAIN = {
    "ADT^A40": f"{PID}\nMRG|9^^^HOSP^MR\n{PID}\nMRG|8^^^HOSP^MR",
    "ADT^A08": f"{PID}\nPV1|1|I|{'|' * 16}V1\n{PID}\nPV1|1|I|{'|' * 16}V1",
    "ORU^R01": f"{PID}\n"
    + "\nOBR|1|P1^EHR|F1|C^N^LN\nOBX|1|NM|1^X^LN||7||||||F||||||||||R1^EHR\nSPM|1|^S1" * 3,
    "OML^O21": f"{PID}\n" + "\nORC|NW|P1\nOBR|1|P1||C^N^LN\nSPM|1|^S1\nOBX|1|NM|1^X^LN||7||||||F" * 2,
    "MDM^T02": f"{PID}\nTXA|1|A{'|' * 10}U1\n" + "OBX|1|TX|1^X^LN||7||||||F||||||||||R1^EHR\n" * 3,
}


@pytest.mark.parametrize(("kind", "text"), [*WHOLE.items(), *_AGAIN.items()])
def test_each_thing_is_one_draft(kind: str, text: str) -> None:
    drafts = told(text, kind).drafts
    names = [(each.type, pair) for each in drafts for pair in each.identifiers]
    assert len(names) == len(set(names))
    assert len({each.name for each in drafts}) == len(drafts)


@pytest.mark.parametrize(("kind", "text"), [*WHOLE.items(), *_AGAIN.items()])
def test_what_identifies_a_draft_stands_in_it(kind: str, text: str) -> None:
    for each in told(text, kind).drafts:
        said = {(one.get("system"), one.get("value")) for one in each.resource.get("identifier", [])}
        assert set(each.identifiers) <= said, each.name


@pytest.mark.parametrize(("kind", "text"), [*WHOLE.items(), *_AGAIN.items()])
def test_every_order_names_drafts_that_there_are(kind: str, text: str) -> None:
    found = told(text, kind)
    names = {each.name for each in found.drafts} | {None}
    for each in found.orders:
        assert {each.order, each.report, each.patient} <= names
    assert {each.patient for each in found.merges} <= names


def test_each_merge_into_one_patient_names_that_patient() -> None:
    assert [each.patient for each in told(_AGAIN["ADT^A40"], "ADT^A40").merges] == ["patient", "patient"]
