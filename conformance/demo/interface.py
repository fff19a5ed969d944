"""The hospital's radiology system: it orders and reports by HL7 v2, and is told in HL7 v2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from conformance.peers import engine
from conformance.peers.ehr import SYSTEM
from conformance.peers.engine import Acknowledgement, Engine
from conformance.peers.request import ReadRequest
from conformance.peers.ris import Ris

NAME = "ris"
_LINKS = f"""[[link]]
name = "{NAME}"
sender = {{ application = "RIS", facility = "DEMO" }}
addresses = ["127.0.0.1/32"]
provider_system = "https://directory.example/practitioner"

[[link.authority]]
namespace = "HOSP"
system = "{SYSTEM}/patient"

[[link.authority]]
namespace = "EHR"
system = "{SYSTEM}/task"

[[link.asks]]
question = "child-pneumonia"
codes = [{{ code = "36554-4", system = "LN" }}]
"""
_TABLE = """
[[hl7v2]]
name = "{name}"
serves = ["ehr"]
accepts = ["oru"]
host = "127.0.0.1"
port = {port}
receiving_application = "RIS"
receiving_facility = "DEMO"
timeout_seconds = 5

[[hl7v2.authority]]
system = "{system}/task"
namespace = "EHR"

[[hl7v2.authority]]
system = "{system}/patient"
namespace = "HOSP"
"""


@dataclass(frozen=True, slots=True)
class Mllp:
    """Ports on this machine: of the server's HL7 v2 door, and of the system that is told in return."""

    port: int
    ris: int


@dataclass(frozen=True, slots=True)
class Interface:
    """Both halves of it."""

    engine: Engine
    ris: Ris

    def order(self, request: ReadRequest) -> Acknowledgement:
        """ORM^O01. Raises NotAcknowledged."""
        return self.engine.send(*engine.order(request))

    def report(self, request: ReadRequest) -> Acknowledgement:
        """ORU^R01, final. Raises NotAcknowledged."""
        return self.engine.send(*engine.report(request))

    def told(self, request: ReadRequest) -> str:
        """OBR-25 of what it has been told about a case, and in how many statements; empty: nothing."""
        mine = f"T-{request.token}^EHR".encode()
        reports = [each for number, each in self.ris.chart.items() if mine in self._sent_under(number)]
        return ", ".join(f"{each.status}, {len(each.said)} statements" for each in reports)

    def _sent_under(self, number: str) -> bytes:
        return b"".join(each for each in self.ris.came if number.encode() in each)


def links(folder: Path) -> Path:
    """The file that tells the server who orders, and what its codes ask."""
    path = folder / "links.toml"
    path.write_text(_LINKS)
    return path


def table(port: int) -> str:
    """Its part of the destinations file."""
    return _TABLE.format(name=NAME, port=port, system=SYSTEM)
