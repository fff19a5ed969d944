"""Dates and times: as exact as they were sent, and never guessed."""

from __future__ import annotations

import pytest

from server.hl7v2.mapping.convert import times
from server.hl7v2.mapping.making import Making
from tests.hl7v2.mapping.convert.values import made
from tests.hl7v2.mapping.telling import LINK, NOW


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        ("2020", "2020"),
        ("202002", "2020-02"),
        ("20200229", "2020-02-29"),
        ("2020022908", "2020-02-29T08:00:00+01:00"),
        ("202002290830", "2020-02-29T08:30:00+01:00"),
        ("20200729083015", "2020-07-29T08:30:15+02:00"),
        ("20200729083015.1230", "2020-07-29T08:30:15.1230+02:00"),
        ("20200729083015-0330", "2020-07-29T08:30:15-03:30"),
        ("20200729083060+0000", "2020-07-29T08:30:60+00:00"),
        ("20200729+0200", "2020-07-29"),
    ],
)
def test_a_time_keeps_its_precision_and_gets_the_links_offset(sent: str, becomes: str) -> None:
    assert made(times.date_time, sent) == (becomes, ())


@pytest.mark.parametrize(
    "sent",
    [
        "00000000", "19900231", "19900000", "20201301", "202002292400", "2020022908:30", "20200229+1500",
        "20200229083099", "abcd", "2020-02-29", "20200229+9900", "20200229083015.1234567",
        "\uff12\uff10\uff12\uff10",
    ],
)  # fmt: skip
def test_what_no_calendar_has_is_left_out_with_a_note(sent: str) -> None:
    assert made(times.date_time, sent) == (None, ("no date or time, left out ZZZ-1",))


def test_nothing_is_no_note() -> None:
    assert made(times.date_time, " ") == (None, ())


def test_a_day_is_no_instant() -> None:
    assert made(times.instant, "20200229") == (None, ("a day is no instant, left out ZZZ-1",))
    assert made(times.instant, "202002290830") == ("2020-02-29T08:30:00+01:00", ())


def test_a_date_of_birth_has_its_time_beside_it() -> None:
    assert made(times.date, "197001011230")[0] == "1970-01-01"
    assert made(times.time_of, "197001011230")[0] == "1970-01-01T12:30:00+01:00"
    assert made(times.time_of, "19700101")[0] is None


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [("08", "08:00:00"), ("0830", "08:30:00"), ("083015.5+0100", "08:30:15.5"), ("2460", None)],
)
def test_a_time_of_day_has_no_offset(sent: str, becomes: str | None) -> None:
    assert made(times.time, sent)[0] == becomes


def test_an_hour_that_the_clock_skips_still_has_an_offset() -> None:
    assert made(times.date_time, "20200329023000")[0] == "2020-03-29T02:30:00+01:00"


@pytest.mark.parametrize("edge", ["00010101000000", "99991231235959", "00010101000000+1400"])
def test_the_ends_of_the_calendar_do_not_break_it(edge: str) -> None:
    assert made(times.date_time, edge)[0] is not None
    assert times.moment(edge, Making(LINK, NOW)) is not None
