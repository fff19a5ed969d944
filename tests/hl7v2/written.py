"""Messages as tests need them."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Any

from server.hl7v2.link import Link, Named

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MSH = r"MSH|^~\&|RIS|HOSP|SECONDREAD|GATEWAY|20260105090000||{kind}|CTL1|P|{version}"
PID = "PID|1||MRN123^^^HOSP^MR||DOE^JANE||19700101|F"


def link(name: str = "ris", **changes: Any) -> Link:
    """One that takes what ``written`` says."""
    found = {"sender": Named("RIS", "HOSP"), "addresses": (ipaddress.ip_network("127.0.0.0/8"),)}
    return Link(name, **{**found, **changes})


def written(*lines: str, kind: str = "ORU^R01^ORU_R01", version: str = "2.5.1", end: str = "\r") -> bytes:
    """With a head, unless the first line is one."""
    head = () if lines and lines[0].startswith("MSH") else (MSH.format(kind=kind, version=version),)
    return "".join(line + end for line in (*head, *lines)).encode()


def observed(value: str = "7.1", kind: str = "NM", number: int = 1, status: str = "F") -> str:
    code = f"{1000 + number}-1^Test^LN"
    return f"OBX|{number}|{kind}|{code}||{value}|mg/dL^^UCUM|1-10|N|||{status}|||20260105090000"


def result(*observations: str, version: str = "2.5.1", status: str = "F") -> bytes:
    """An ORU of one order."""
    order = (
        f"OBR|1|P1^EHR|F1^LAB|24331-1^Lipids^LN|||20260105080000|||||||||||||||20260105090000||LAB|{status}"
    )
    return written(PID, order, *(observations or (observed(),)), version=version)
