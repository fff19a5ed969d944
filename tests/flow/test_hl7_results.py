"""Real processes tell a system in HL7 v2: what it acknowledges is delivered, what it refuses is parked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.peers.client import FhirClient
from conformance.peers.ehr import Ehr
from conformance.peers.ris import Ris
from conformance.peers.ris_faults import RisFault, Trouble
from server.store.database import Database
from server.store.deliveries import DeliveryRow, enqueue, of_case
from tests.flow.hospital import Hospital
from tests.flow.processes import Site, until
from tests.hl7v2.foreign import fields, read
from tests.hl7v2.send.conftest import document
from tests.store.nouns import open_case

TABLE = """timeout_seconds = 1

[[hl7v2]]
name = "ris"
serves = ["ehr"]
accepts = ["oru"]
host = "127.0.0.1"
port = {port}
receiving_application = "EHR"
timeout_seconds = 1
{more}
[[hl7v2.authority]]
system = "https://ehr.example/task"
namespace = "EHR"
"""


@pytest.fixture
def ris() -> Iterator[Ris]:
    with Ris() as program:
        yield program


def rows(database: Database) -> list[DeliveryRow]:
    return database.read(lambda c: of_case(c, "c1"))


def table(ris: Ris, more: str = "") -> str:
    return TABLE.format(port=ris.port, more=more)


def test_an_opinion_is_told_and_acknowledged_and_taken_back(tmp_path: Path, ehr: Ehr, ris: Ris) -> None:
    more = 'mode = "original"\n'
    with Site(tmp_path, ehr.base, destination=table(ris, more)) as site, FhirClient(site.base) as client:
        site.bring_up(site.program("up"))
        hospital = Hospital(ehr, site.base)
        sent = hospital.send(client, "told", 0)
        until(lambda: not hospital.open_cases(), 60.0, "the case ends")
        case = site.command("cases").split()[1]
        until(lambda: "oru to ris: delivered" in site.command("case", case), 30.0, "it is delivered")
        assert "1 attempts; AA\n" in site.command("case", case)
        [message] = ris.kept.values()
        read(message)
        [obr] = fields(message, "OBR")
        assert obr[2] == f"T-{sent.token}^EHR"
        [report] = ris.chart.values()
        assert (report.status, {each.status for each in report.said.values()}) == ("R", {"P"})
        site.command("withdraw", case, "--by", "Dr. Tarn", "--reason", "wrong unit")
        until(lambda: len(ris.kept) == 2, 30.0, "it is taken back")
        read(list(ris.kept.values())[-1])
        [report] = ris.chart.values()
        assert (report.status, {each.status for each in report.said.values()}) == ("C", {"W"})
        assert ris.connections == 1


def test_a_refusal_waits_for_a_person_who_sees_the_partners_words(tmp_path: Path, ehr: Ehr, ris: Ris) -> None:
    ris.faults.add(RisFault(Trouble.REFUSE, code="AE", error="101", words="no such order"))
    with Site(tmp_path, ehr.base, destination=table(ris)) as site:
        database = Database(site.store)
        open_case(database)
        sent = [document("SR1")]
        database.write(lambda c: enqueue(c, "c1", sent, datetime.now(UTC), timedelta(hours=1)))
        worker = site.program("work")
        site.bring_up(worker)
        until(lambda: rows(database)[0].state == "parked", 30.0, "it is parked")
        assert site.command("parked").rstrip().endswith("it says: no such order")
        assert "no such order" not in worker.log.read_text()
        site.command("resend", "d-SR1")
        until(lambda: rows(database)[0].state == "delivered", 30.0, "the mended one is delivered")
        assert ris.came == [sent[0].content] * 2
        database.close()


@pytest.mark.parametrize("trouble", [Trouble.SILENCE_AFTER, Trouble.SILENCE])
def test_a_worker_that_is_killed_before_the_answer(
    tmp_path: Path, ehr: Ehr, ris: Ris, trouble: Trouble
) -> None:
    """The same bytes under the same control id, whether the first were kept or lost."""
    ris.faults.add(RisFault(trouble))
    with Site(tmp_path, ehr.base, destination=table(ris)) as site:
        database = Database(site.store)
        open_case(database)
        sent = [document("SR1"), document("SR2")]
        database.write(lambda c: enqueue(c, "c1", sent, datetime.now(UTC), timedelta(hours=1)))
        worker = site.program("work")
        site.bring_up(worker)
        until(lambda: len(ris.came) == 1, 30.0, "the first is there, or lost")
        worker.kill_group()
        assert [each.state for each in rows(database)] == ["waiting", "waiting"]
        site.bring_up(worker)
        until(lambda: {each.state for each in rows(database)} == {"delivered"}, 60.0, "both are there")
        assert [each.last_outcome for each in rows(database)] == ["CA", "CA"]
        assert list(ris.kept) == ["SR1", "SR2"]
        assert ris.came == [sent[0].content, sent[0].content, sent[1].content]
        database.close()
