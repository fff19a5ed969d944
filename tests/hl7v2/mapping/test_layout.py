"""Which segments belong together."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from server.hl7v2.mapping.layout import lay_out
from server.hl7v2.mapping.story import story
from server.hl7v2.reading import message
from tests.hl7v2.mapping.telling import HEAD, LINK, PID
from tests.hl7v2.splitter import split
from tests.hl7v2.written import link, written

OBR, OBX = "OBR|1|P1^EHR|F1^LAB|24331-1^Lipids^LN", "OBX|1|NM|1-1^X^LN||7||||||F"


@pytest.mark.parametrize("version", ["2.5.1", "2.8"])
def test_prior_results_are_history_and_nothing_is_made_of_them(version: str) -> None:
    prior = ("PV1|1|I", "ORC|RE|P0^EHR|F0^LAB", "OBR|1|P0^EHR|F0^LAB|1^Old^L", "OBX|1|NM|2-2^Y^LN||8||||||F")
    raw = written(
        PID,
        "ORC|NW|P1^EHR",
        OBR,
        "PID|1||123^^^HOSP^MR||DOE^JANE",
        *prior,
        kind="OML^O21^OML_O21",
        version=version,
    )
    read = message(raw, link())
    found = story(read, LINK, datetime(2026, 1, 5, 12, tzinfo=UTC))
    assert {each.name for each in read.content.walk()} >= {"OBX", "PV1"}
    assert [each.name for each in found.drafts if each.type != "Organization"] == ["patient", "order-1"]
    assert [each.placer[0][1] for each in found.orders] == ["P1"]


def test_an_obr_without_an_orc_begins_an_order_of_its_own() -> None:
    found = lay_out(split("\n".join((HEAD.format("ORU^R01"), PID, "ORC|RE|P1", OBR, OBX, OBR, OBX))))
    (person,) = found.people
    assert [(each.orc is not None, len(each.results)) for each in person.orders] == [(True, 1), (False, 1)]


def test_remarks_belong_to_what_they_follow() -> None:
    lines = (
        PID,
        "NTE|1||patient",
        "ORC|RE|P1",
        OBR,
        "NTE|1||order",
        OBX,
        "NTE|1||result",
        "SPM|1|S1",
        "NTE|1||specimen",
    )
    (person,) = lay_out(split("\n".join((HEAD.format("ORU^R01"), *lines)))).people
    (ordered,) = person.orders
    assert [each.text(3) for each in ordered.notes] == ["order"]
    assert [each.text(3) for each in ordered.results[0].notes] == ["result"]


def test_a_segment_that_has_no_place_counts_where_it_stands() -> None:
    lines = (PID, "ZZZ|1", "ORC|NW|P1", OBR, "ZDS|1.2.3", "ORC|NW|P2", OBR, "ZDS|1.2.4")
    found = lay_out(split("\n".join((HEAD.format("ORM^O01"), *lines))))
    assert [[zds.text(1) for zds in each.studies] for each in found.people[0].orders] == [
        ["1.2.3"],
        ["1.2.4"],
    ]


def test_results_before_any_order_are_the_patients_and_not_read() -> None:
    found = lay_out(split("\n".join((HEAD.format("ADT^A01"), PID, "PV1|1|I", OBX))))
    assert found.people[0].orders == found.results == []
