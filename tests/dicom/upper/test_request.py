"""What pynetdicom writes is read as it means it; our answer is one that it understands."""

from __future__ import annotations

import random

import pytest
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import build_context

from server.dicom.upper.answer import IMPLEMENTATION_CLASS_UID, accept
from server.dicom.upper.negotiation import choose
from server.dicom.upper.pdu import Violation
from server.dicom.upper.request import Role, ae_title, parse_request
from tests.dicom import wire


def asked() -> A_ASSOCIATE_RQ:
    """Everything that a requestor can put into it."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = wire.APPLICATION.decode()
    primitive.calling_ae_title, primitive.called_ae_title = "CT1", "SECOND_READER"
    contexts = [
        build_context(wire.CT.decode(), [wire.RLE.decode(), wire.EXPLICIT.decode()]),
        build_context("1.2.840.10008.5.1.4.32.1", wire.IMPLICIT.decode()),
        build_context(wire.VERIFICATION.decode(), [wire.BIG_ENDIAN.decode()]),
    ]
    for number, each in enumerate(contexts):
        each.context_id = 2 * number + 1
    primitive.presentation_context_definition_list = contexts
    length, uid = MaximumLengthNotification(), ImplementationClassUIDNotification()
    version = ImplementationVersionNameNotification()
    length.maximum_length_received = 32_000
    uid.implementation_class_uid = "1.2.3.4"
    version.implementation_version_name = "MODALITY_1"
    window, role = AsynchronousOperationsWindowNegotiation(), SCP_SCU_RoleSelectionNegotiation()
    identity = UserIdentityNegotiation()
    window.maximum_number_operations_invoked = window.maximum_number_operations_performed = 0
    role.sop_class_uid, role.scu_role, role.scp_role = wire.CT.decode(), True, False
    identity.user_identity_type, identity.primary_field = 1, b"somebody"
    identity.positive_response_requested = False
    primitive.user_information = [length, uid, version, window, role, identity]
    pdu = A_ASSOCIATE_RQ()
    pdu.from_primitive(primitive)
    return pdu


def test_what_pynetdicom_writes_is_read() -> None:
    request = parse_request(asked().encode()[6:])
    assert (ae_title(request.calling), ae_title(request.called)) == ("CT1", "SECOND_READER")
    assert request.version == 1
    assert [(each.id, each.sop_class, each.syntaxes) for each in request.contexts] == [
        (1, wire.CT.decode(), (wire.RLE.decode(), wire.EXPLICIT.decode())),
        (3, "1.2.840.10008.5.1.4.32.1", (wire.IMPLICIT.decode(),)),
        (5, wire.VERIFICATION.decode(), (wire.BIG_ENDIAN.decode(),)),
    ]
    assert request.max_length == 32_000
    assert request.roles == (Role(wire.CT.decode(), scu=True, scp=False),)
    assert request.asks_window
    assert (request.implementation, request.implementation_version) == ("1.2.3.4", "MODALITY_1")


def test_pynetdicom_reads_what_we_answer() -> None:
    request = parse_request(asked().encode()[6:])
    pdu = A_ASSOCIATE_AC()
    pdu.decode(accept(request, choose(request.contexts), 262_144, request.roles))
    answer = pdu.to_primitive()
    results = answer.presentation_context_definition_results_list
    assert [(each.context_id, each.result) for each in results] == [(1, 0), (3, 3), (5, 4)]
    assert results[0].transfer_syntax == [wire.RLE.decode()]
    assert answer.maximum_length_received == 262_144
    assert answer.implementation_class_uid == IMPLEMENTATION_CLASS_UID
    assert answer.calling_ae_title == "CT1"
    by_type = {type(each): each for each in answer.user_information}
    window = by_type[AsynchronousOperationsWindowNegotiation]
    assert (window.maximum_number_operations_invoked, window.maximum_number_operations_performed) == (1, 1)
    assert by_type[SCP_SCU_RoleSelectionNegotiation].scu_role is True


def test_every_cut_and_many_changes_are_read_or_refused_and_nothing_else() -> None:
    whole, draw = asked().encode()[6:], random.Random(7)
    for end in range(68, len(whole)):
        _read(whole[:end])
    for _ in range(3000):
        changed = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            changed[draw.randrange(len(changed))] = draw.randrange(256)
        _read(bytes(changed))


def _read(payload: bytes) -> None:
    try:
        parse_request(payload)
    except Violation:
        return


@pytest.mark.parametrize(
    ("field", "title"),
    [
        (b"CT1             ", "CT1"),
        (b"  A B           ", "A B"),
        (b"                ", None),
        (b"A\\B", None),
        (b"A\nB", None),
        (b"\xc4", None),
        (bytes(16), None),
    ],
)
def test_ae_titles(field: bytes, title: str | None) -> None:
    assert ae_title(field) == title
