"""Command sets: read strictly, written as pynetdicom reads them; one status for each category."""

from __future__ import annotations

from io import BytesIO
from struct import pack

import pytest
from pynetdicom.dsutils import decode

from server.dicom.dimse.command import Unreadable, read_command, respond
from server.dicom.dimse.service import Answer, Take, asked
from server.dicom.dimse.status import Status, status_of
from server.errors import Category
from tests.dicom import wire

CT, ECHO = wire.CT.decode(), wire.VERIFICATION.decode()


def element(number: int, value: bytes, group: int = 0) -> bytes:
    return pack("<HHI", group, number, len(value)) + value


def test_a_store_is_read() -> None:
    command = read_command(wire.store(message=9))
    assert (command.field, command.message_id, command.has_data) == (1, 9, True)
    assert command.uid(0x0002) == CT
    assert command.uid(0x1000) == wire.INSTANCE.decode()


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"\0" * 7,
        wire.store()[:-1],
        wire.store() + b"\0",
        wire.store() + element(2, b"1.2\0"),  # out of order
        element(0x100, b"\1\0") + element(0x800, b"\1\0"),  # no message id
        element(0x110, b"\1\0") + element(0x800, b"\1\0"),  # no field
        element(0x100, b"\1\0") + element(0x110, b"\1\0"),  # no data set type
        element(0x100, b"\1") + element(0x110, b"\1\0") + element(0x800, b"\1\0"),
        element(0x100, b"\1\0", group=8) + element(0x110, b"\1\0") + element(0x800, b"\1\0"),
        pack("<HHI", 0, 0x100, 0xFFFFFFFF),
    ],
)
def test_what_is_no_command_set_is_refused(encoded: bytes) -> None:
    with pytest.raises(Unreadable):
        read_command(encoded)


@pytest.mark.parametrize("comment", ["", "why not", "x" * 200, "naïve"])
def test_pynetdicom_reads_our_response(comment: str) -> None:
    encoded = respond(read_command(wire.store(message=9)), Status.OUT_OF_RESOURCES, comment)
    found = decode(BytesIO(encoded), is_implicit_vr=True, is_little_endian=True)
    assert found.CommandGroupLength == len(encoded) - 12
    assert (found.CommandField, found.MessageIDBeingRespondedTo) == (0x8001, 9)
    assert (found.CommandDataSetType, found.Status) == (0x0101, 0xA700)
    assert (found.AffectedSOPClassUID, found.AffectedSOPInstanceUID) == (CT, wire.INSTANCE.decode())
    assert len(found.get("ErrorComment", "")) == min(len(comment), 64)


@pytest.mark.parametrize(
    ("sop_class", "encoded", "wanted"),
    [
        (CT, wire.store(), Take(CT, wire.INSTANCE.decode(), None)),
        (ECHO, wire.echo(), Status.SUCCESS),
        (CT, wire.echo(), Status.SOP_CLASS_NOT_SUPPORTED),
        (CT, wire.store(data_set=0x0101), Status.CANNOT_UNDERSTAND),
        (CT, wire.store(sop_class=None), Status.CANNOT_UNDERSTAND),
        (CT, wire.store(instance=b""), Status.CANNOT_UNDERSTAND),
        (CT, wire.store(sop_class=wire.VERIFICATION), Status.SOP_CLASS_NOT_SUPPORTED),
        (ECHO, wire.store(sop_class=wire.VERIFICATION), Status.SOP_CLASS_NOT_SUPPORTED),
    ],
)
def test_what_is_asked_for(sop_class: str, encoded: bytes, wanted: Take | Status) -> None:
    found = asked(sop_class, read_command(encoded))
    assert (found.status if isinstance(found, Answer) else found) == wanted


def test_cancels_and_responses_are_not_answered() -> None:
    for field in (0x0FFF, 0x8001):
        encoded = element(0x100, pack("<H", field)) + element(0x120, b"\1\0") + element(0x800, b"\1\1")
        assert asked(CT, read_command(encoded)) is None


@pytest.mark.parametrize("category", Category)
def test_every_category_has_a_status_and_only_success_is_zero(category: Category) -> None:
    status = status_of(category)
    assert status is not Status.SUCCESS
    assert (
        category.ours == (status in (Status.OUT_OF_RESOURCES, Status.PROCESSING_FAILURE)) or not category.ours
    )
