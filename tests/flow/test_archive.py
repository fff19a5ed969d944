"""An archive that does not answer, and a worker that is killed meanwhile: one object, one delivery."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.peers.archive_faults import ArchiveFault, Trouble
from conformance.peers.pacs import Pacs
from server.store.database import Database
from server.store.deliveries import DeliveryRow, enqueue, of_case
from tests.dicom.send.conftest import LETS_GO
from tests.dicom.send.objects import CAPTURE, document, part10
from tests.flow.processes import Site, until
from tests.sockets import let_go
from tests.store.nouns import open_case

pytestmark = LETS_GO
TABLE = """timeout_seconds = 1

[[pacs]]
name = "pacs"
serves = ["ehr"]
accepts = ["sr", "capture"]
ae = "PACS"
host = "127.0.0.1"
port = {port}
calling_ae = "SECONDREADER"
timeout_seconds = 1
"""


def rows(database: Database) -> list[DeliveryRow]:
    return database.read(lambda c: of_case(c, "c1"))


@pytest.fixture(autouse=True)
def _sockets() -> Iterator[None]:
    yield
    let_go()


@pytest.mark.parametrize("trouble", [Trouble.SILENCE_AFTER, Trouble.SILENCE])
def test_a_worker_that_is_killed_while_an_archive_is_silent(tmp_path: Path, trouble: Trouble) -> None:
    film = part10(1, CAPTURE, pixels=200_000)
    with Pacs(tmp_path / "pacs", same_association=True) as pacs:
        pacs.faults.add(ArchiveFault(trouble, seconds=1.5))
        with Site(tmp_path, "http://127.0.0.1:9/fhir", destination=TABLE.format(port=pacs.port)) as site:
            database = Database(site.store)
            open_case(database)
            sent = [document(1, content=film), document(2)]
            database.write(lambda c: enqueue(c, "c1", sent, datetime.now(UTC), timedelta(hours=1)))
            worker = site.program("work")
            site.bring_up(worker)
            until(lambda: pacs.met == 1, 30.0, "the archive has the object, or loses it")
            worker.kill_group()
            assert [each.state for each in rows(database)] == ["waiting", "waiting"]
            site.bring_up(worker)
            until(lambda: {each.state for each in rows(database)} == {"delivered"}, 60.0, "both are there")
            assert [each.last_outcome for each in rows(database)] == ["committed, status 0000"] * 2
            assert (len(pacs.objects), pacs.objects.stores) == (2, 2)
            database.close()
