"""What we ask beyond single fields: numbers of orders, UIDs of studies, messages in one piece."""

from __future__ import annotations

from server.hl7v2.grammar.datatypes import uid
from server.hl7v2.grammar.walk import Walked
from server.hl7v2.message import Group, Segment
from server.hl7v2.refusal import Code, Place, Refusal, rejected

_UIDS = {"ZDS": 1, "IPC": 3}
"""The Study Instance UID of an order (IHE Radiology; HL7 v2.8 section 4.5.6.3)."""


def check(walked: Walked) -> None:
    """Raises:
    Refusal: an order that nothing could be matched to, or a part of a message.
    """
    if walked.content.name in ("ORM_O01", "OML_O21", "OMI_O23"):
        for group in walked.content.groups("ORDER"):
            _numbered(group)
    for each in (*walked.content.walk(), *walked.extra):
        if each.name in _UIDS:
            _identified(each, _UIDS[each.name])
        if each.name == "DSC" and each.text(1):
            raise rejected(
                Code.APPLICATION,
                "continuation",
                "continued messages are not taken; send it whole, without DSC-1",
                Place("DSC", each.sequence),
            )


def _numbered(order: Group) -> None:
    """By the placer or the filler, in ORC or in OBR."""
    orc, obr = order.segment("ORC"), order.anywhere("OBR")
    if not any(each.text(field) for each in (orc, obr) if each for field in (2, 3)):
        raise Refusal(
            Code.REQUIRED, "order-number", "an order must have a number: ORC-2 or ORC-3",
            Place("ORC", orc.sequence if orc else 1, 2),
        )  # fmt: skip


def _identified(segment: Segment, field: int) -> None:
    value = segment.first(field)
    parted = any(value.components[0][1:]) if value.components else False
    if parted or (value.text() and not uid(value.text())):
        raise Refusal(
            Code.DATA_TYPE,
            "data-type",
            f"{segment.name}-{field} must be a UID: digits and points, at most 64",
            Place(segment.name, segment.sequence, field, 1),
        )
