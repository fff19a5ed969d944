"""Where a segment goes: the next place that takes it, one that is unique, or nowhere."""

from __future__ import annotations

import pytest

from server.hl7v2 import reading
from server.hl7v2.grammar.structure import Part, Shape
from server.hl7v2.grammar.walk import walk
from server.hl7v2.message import Group, Segment
from server.hl7v2.refusal import Refusal
from tests.hl7v2.written import PID, link, observed, written

OBR = "OBR|1|P1^EHR|F1^LAB|24331-1^Lipids^LN|||20260105080000|||||||||||||||20260105090000||LAB|F"
ORDER = ("ORC|NW|P1^EHR", "OBR|1|P1^EHR||1^a^LN")
PRIOR = ("PV1|1|O", "ORC|RE|P9^EHR", "OBR|1|P9^EHR||1^a^LN", "OBX|1|ST|1^a^LN||x||||||F")


def shape(payload: bytes) -> tuple[str, tuple[str, ...]]:
    found = reading.message(payload, link())
    return _names(found.content), tuple(each for each in found.notes if each.startswith("segment"))


def _names(group: Group) -> str:
    return " ".join(
        each.name if isinstance(each, Segment) else f"{each.name}({_names(each)})" for each in group.parts
    )


def test_two_orders_are_two_and_none_is_the_prior_result_of_the_other() -> None:
    found, _ = shape(written(PID, *ORDER, *ORDER, kind="OML^O21^OML_O21"))
    order = "ORDER(ORC OBSERVATION_REQUEST(OBR))"
    assert found == f"MSH PATIENT(PID) {order} {order}"


def test_prior_results_begin_with_what_they_have_of_the_patient() -> None:
    found, _ = shape(written(PID, *ORDER, *PRIOR, kind="OML^O21^OML_O21"))
    prior = "PRIOR_RESULT(PATIENT_VISIT_PRIOR(PV1) ORDER_PRIOR(ORC OBR OBSERVATION_PRIOR(OBX)))"
    assert found == f"MSH PATIENT(PID) ORDER(ORC OBSERVATION_REQUEST(OBR {prior}))"


def test_an_order_after_prior_results_could_be_one_of_them_and_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        shape(written(PID, *ORDER, *PRIOR, *ORDER, kind="OML^O21^OML_O21"))
    assert str(refused.value.place) == "ORC[3]"


def test_a_segment_that_comes_late_goes_where_alone_it_can_be() -> None:
    found, notes = shape(written(PID, "GT1|1|1|X", "NK1|1|A^B", "PV1|1|I", kind="ADT^A08^ADT_A01"))
    assert (found, notes) == (
        "MSH PID GT1 NK1 PV1",
        ("segment-out-of-order NK1", "segment-out-of-order PV1", "segment-missing EVN"),
    )


def test_a_segment_that_comes_late_and_could_be_in_two_places_is_refused() -> None:
    inner = Shape(
        "INNER", (Part("AAA", 1, 1), Part("XXX", 0, 1), Part("BBB", 0, 1)), {"AAA": (0,), "BBB": (2,)}
    )
    outer = Shape(
        "OUTER",
        (Part("XXX", 0, 1), Part("INNER", 1, 1, inner)),
        {"AAA": (1,)},
        inside=frozenset({"AAA", "XXX", "BBB"}),
    )
    segments = tuple(Segment(name, (), line) for line, name in enumerate(("AAA", "BBB", "XXX"), 1))
    with pytest.raises(Refusal):
        walk(segments, outer, frozenset())


def test_a_note_that_comes_late_is_about_what_stands_before_it() -> None:
    timed = (PID, OBR, "TQ1|1", "NTE|1||of the order", observed())
    found, notes = shape(written(*timed))
    assert "ORDER_OBSERVATION(OBR NTE TIMING_QTY(TQ1) OBSERVATION(OBX))" in found
    assert notes == ("segment-out-of-order NTE",)
