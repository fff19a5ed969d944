"""Queries by TLS: what is heard while an answer flows is heard although OpenSSL holds it."""

from __future__ import annotations

from pathlib import Path

from server.certificates import TlsFiles, context_of
from server.dicom.limits import Limits
from server.tls import TlsLine
from tests.certificates import Authority
from tests.dicom import wire
from tests.dicom.query.test_finding import IMAGES, answers, cancel, command, identifier, narrowed
from tests.dicom.query.ward import STUDY_FIND, film, ward

CONTEXTS = [(1, wire.VERIFICATION, (wire.IMPLICIT,)), (3, STUDY_FIND.encode(), (wire.IMPLICIT,))]


def test_a_query_that_is_cancelled_in_the_same_record(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = context_of(TlsFiles(*authority.signs("door"), setting="DICOM_TLS", protocols=()))
    small = Limits(pdu_bytes=300)  # what does not fit stays in the record that OpenSSL has taken
    with ward(tmp_path / "data", limits=small, line=lambda sock: TlsLine(sock, context)) as house:
        narrowed(house, page=1)
        trusts = authority.trusted()
        with house.door.associated(trusts=trusts) as speaker:
            for number in range(1, 41):
                data = film(7, 1, number)
                at = data.index(b"\x08\0\x18\0UI") + 8
                instance = data[at : at + int.from_bytes(data[at - 2 : at], "little")].rstrip(b"\0")
                stored = wire.data(3, 3, wire.store(instance=instance))
                parts = [data[at : at + 200] for at in range(0, len(data), 200)]
                stored += b"".join(wire.data(3, 0, each) for each in parts) + wire.data(3, 2, b"")
                speaker.send(stored)
                assert speaker.status()[0] == 0
        with house.door.associated(wire.request(CONTEXTS), trusts) as speaker:
            asked = (wire.data(3, 3, command()), wire.data(3, 2, identifier(SOPInstanceUID="", **IMAGES)))
            speaker.send(*asked, wire.data(3, 3, cancel()))
            statuses = answers(speaker)
            assert statuses[-1] == 0xFE00
            assert len(statuses) < 40
            speaker.send(*asked)
            assert len(answers(speaker)) == 41
            assert speaker.echo() == 0
