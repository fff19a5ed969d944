"""A link and stories for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from server.hl7v2.link import Authority, Link, Named
from server.hl7v2.mapping.drafts import Draft, Story
from server.hl7v2.mapping.story import story
from tests.hl7v2.splitter import split

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
MRN = "https://hospital.example/mrn"
LINK = Link(
    "hospital",
    Named("RIS", "HOSP"),
    (),
    authorities=(Authority("HOSP", "1.2.3", MRN), Authority("EHR", "", "https://hospital.example/orders")),
    zone="Europe/Berlin",
)
HEAD = r"MSH|^~\&|RIS|HOSP|SECONDREAD|GATEWAY|20260105100000+0100||{}|1|P|2.5.1"
PID = "PID|1||123^^^HOSP^MR||DOE^JANE||19700101|F"


def told(text: str, kind: str = "ORU^R01^ORU_R01", **changes: Any) -> Story:
    """``text`` without its MSH, which is of ``kind``; ``changes`` are of the link."""
    return story(split(HEAD.format(kind) + "\n" + text), replace(LINK, **changes), NOW)


def one(told_: Story, type_: str) -> Draft:
    (found,) = (each for each in told_.drafts if each.type == type_)
    return found


def resource(told_: Story, type_: str) -> dict[str, Any]:
    return one(told_, type_).resource


def line(name: str, fields: dict[int, str]) -> str:
    """A segment by its fields' numbers."""
    return "|".join((name, *(fields.get(at, "") for at in range(1, max(fields) + 1))))
