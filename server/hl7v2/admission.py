"""Whether a message may come in, by its head: from whom, to whom, of what kind, for which purpose."""

from __future__ import annotations

import re
from collections.abc import Sequence

from server.hl7v2.acknowledge import Wish
from server.hl7v2.grammar.read import known_structure, known_version
from server.hl7v2.link import Link, Named
from server.hl7v2.refusal import Code, Place, rejected
from server.hl7v2.text.head import Head

STRANGER = "not-registered"
_BEGIN = 65_536
_LONGEST_ID = 199
"""Of MSH-10 (section 2.14.9.10)."""
_ANSWERS = {"ACK", "MCF", "ORR", "ORL", "ORI", "ORG", "RRI", "ADR", "NAK"}


def is_acknowledgement(payload: bytes, head: Head) -> bool:
    """By its type, or because it has an MSA where answers have one: behind MSH, and what may stand there."""
    if head.msh.text(9) in _ANSWERS:
        return True
    mark, before = b"MSA" + head.delimiters.field.encode(), (b"SFT", b"UAC")
    lines = (each for each in re.split(rb"[\r\n]+", payload[:_BEGIN])[1:] if not each.startswith(before))
    return next(lines, b"").startswith(mark)


def identified(head: Head) -> None:
    """MSH-10 is what an answer is known by."""
    control, place = head.msh.text(10), Place("MSH", field=10)
    if not control:
        raise rejected(Code.REQUIRED, "control-id", "MSH-10 must be valued", place)
    if len(control) > _LONGEST_ID:
        raise rejected(
            Code.DATA_TYPE, "control-id", f"MSH-10 may have at most {_LONGEST_ID} characters", place
        )


def choose(head: Head, links: Sequence[Link]) -> Link:
    """The link that names the sender most closely; of equals the first."""
    known = [each for each in links if _is(head, 3, each.sender)]
    if not known:
        raise rejected(
            Code.APPLICATION,
            STRANGER,
            "MSH-3 and MSH-4 are not registered for this connection; they must be as was agreed",
            Place("MSH", field=3),
        )
    return max(known, key=lambda each: bool(each.sender.application) + bool(each.sender.facility))


def admit(head: Head, link: Link, *, batched: bool) -> None:
    """Raises:
    Refusal: AR, with what this link takes.
    """
    if batched and not link.batches:
        raise rejected(
            Code.MESSAGE_TYPE, "batch", "batches are not taken on this link; send each message alone"
        )
    if not _is(head, 5, link.receiver):
        raise rejected(
            Code.APPLICATION, "not-addressed", "MSH-5 and MSH-6 must name this server as was agreed",
            Place("MSH", field=5),
        )  # fmt: skip
    code, event = head.msh.text(9, 1), head.msh.text(9, 2)
    known_structure(code, event)
    if link.messages and f"{code}^{event}" not in link.messages:
        taken = ", ".join(sorted(link.messages))
        raise rejected(
            Code.EVENT, "not-agreed", f"on this link MSH-9 must be one of: {taken}", Place("MSH", field=9)
        )
    if head.msh.text(11) not in link.processing:
        taken = ", ".join(sorted(link.processing))
        raise rejected(
            Code.PROCESSING_ID,
            "processing-id",
            f"on this link MSH-11 must be one of: {taken}",
            Place("MSH", field=11),
        )
    known_version(head.msh)
    if head.msh.text(14):
        raise rejected(
            Code.APPLICATION, "continuation", "continued messages are not taken; send it whole, MSH-14 empty",
            Place("MSH", field=14),
        )  # fmt: skip


def sender(head: Head) -> str:
    """MSH-3 and MSH-4."""
    return "|".join(_names(head, field) for field in (3, 4))


def notes(head: Head) -> tuple[str, ...]:
    """Of MSH-13, MSH-15 and MSH-16. The sequence number protocol (section 2.9.1.2) is not spoken here."""
    said = {field: head.msh.text(field) for field in (15, 16)}
    odd = tuple(
        f"table-value MSH-{field}"
        for field, text in said.items()
        if text and text not in {each.value for each in Wish}
    )
    alone = any(said.values()) and not all(said.values())
    numbered = ("sequence-number MSH-13",) if head.msh.text(13) else ()
    return (*odd, *(("acknowledgement-mode MSH-15",) if alone else ()), *numbered)


def _is(head: Head, field: int, named: Named) -> bool:
    """Application and facility, each by its namespace or its universal id (HD.1, HD.2)."""
    asked = ((field, named.application), (field + 1, named.facility))
    return all(not name or name in (head.msh.text(each, 1), head.msh.text(each, 2)) for each, name in asked)


def _names(head: Head, field: int) -> str:
    return head.msh.text(field, 1) or head.msh.text(field, 2)
