"""Every acknowledgement (HL7 v2.8 sections 2.9.2, 2.9.3 and 2.13.1): who is told what, and in which words.

An answer repeats of the message only what its head says of the exchange; nothing of the patient, and no value
that was refused.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from server.hl7v2.grammar.events import KNOWN
from server.hl7v2.message import Field, Repetition
from server.hl7v2.refusal import Code, Refusal
from server.hl7v2.text.delimiters import Delimiters
from server.hl7v2.text.escapes import escape
from server.hl7v2.text.head import Head

OURS = Delimiters()
_TEXTS = {
    Code.SEQUENCE: "Segment sequence error",
    Code.REQUIRED: "Required field missing",
    Code.DATA_TYPE: "Data type error",
    Code.TABLE: "Table value not found",
    Code.TOO_LONG: "Value too long",
    Code.MESSAGE_TYPE: "Unsupported message type",
    Code.EVENT: "Unsupported event code",
    Code.PROCESSING_ID: "Unsupported processing id",
    Code.VERSION: "Unsupported version id",
    Code.UNKNOWN_KEY: "Unknown key identifier",
    Code.DUPLICATE_KEY: "Duplicate key identifier",
    Code.APPLICATION: "Application internal error",
}
_ANSWERS = {"ORM": ("ORR", "O02"), "OML": ("ORL", "O22"), "OMI": ("ORI", "O24")}
"""Their rest is optional. RRI (for REF) must name provider and patient, so that REF has the general one."""
_LONGEST_ID = 199


@dataclass(frozen=True, slots=True)
class Stamp:
    """When, and under which id the message is kept: the answer's own control id comes of it."""

    key: str
    at: datetime


class Wish(Enum):
    """Table 0155."""

    ALWAYS = "AL"
    NEVER = "NE"
    ON_ERROR = "ER"
    ON_SUCCESS = "SU"

    def wants(self, good: bool) -> bool:
        return self is Wish.ALWAYS or self is (Wish.ON_SUCCESS if good else Wish.ON_ERROR)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What MSH-15 and MSH-16 ask for; both empty: the original mode."""

    commit: Wish | None
    application: Wish | None

    @property
    def enhanced(self) -> bool:
        return self.commit is not None

    @property
    def later(self) -> bool:
        """An application acknowledgement may be due, as a message of its own."""
        return self.application not in (None, Wish.NEVER)


def wishes(head: Head) -> Wishes:
    """One alone is an error of the sender: the other then asks for nothing. No value of the table: always."""
    said = [head.msh.text(field) for field in (15, 16)]
    if not any(said):
        return Wishes(None, None)
    commit, application = (_wish(each) for each in said)
    return Wishes(commit, application)


def _wish(text: str) -> Wish:
    known = {each.value: each for each in Wish}
    return known.get(text, Wish.ALWAYS) if text else Wish.NEVER


def answer(head: Head | None, refusal: Refusal | None, stamp: Stamp, elsewhere: bool = False) -> bytes | None:
    """What goes back on the connection; None: the sender wants nothing there.

    ``elsewhere``: application acknowledgements have a destination of their own. Without one, a sender that
    wants no commit acknowledgement but an application's gets that here.
    """
    if head is None:
        return _bytes(None, "AR", refusal, stamp, application=True)
    asked = wishes(head)
    good = refusal is None
    if asked.commit is None:
        return _bytes(head, _code("A", refusal), refusal, stamp, application=True)
    if asked.commit.wants(good):
        return _bytes(head, _code("C", refusal), refusal, stamp, application=False)
    if asked.commit is not Wish.NEVER or elsewhere or asked.application is None:
        return None
    if not asked.application.wants(good):
        return None
    return _bytes(head, _code("A", refusal), refusal, stamp, application=True)


def application(head: Head, refusal: Refusal | None, stamp: Stamp) -> bytes | None:
    """The enhanced mode's application acknowledgement, a message of its own that is sent later; None: none is
    asked for. Its stamp has another key than the commit acknowledgement's.
    """
    asked = wishes(head).application
    if asked is None or not asked.wants(refusal is None):
        return None
    return _bytes(head, _code("A", refusal), refusal, stamp, application=True, later=True)


def control_id(key: str) -> str:
    """The same for the same key, and not longer than MSH-10 was before 2.7 (20 characters)."""
    return f"SR{hashlib.sha256(key.encode()).hexdigest()[:18].upper()}"


def _code(kind: str, refusal: Refusal | None) -> str:
    """CR is for MSH-9, MSH-11 and MSH-12 alone, CE for every other reason (section 2.9.3.2)."""
    if refusal is None:
        return f"{kind}A"
    unacceptable = refusal.code in (Code.MESSAGE_TYPE, Code.EVENT, Code.PROCESSING_ID, Code.VERSION)
    rejected = refusal.rejected if kind == "A" else unacceptable
    return f"{kind}{'R' if rejected else 'E'}"


def _bytes(
    head: Head | None,
    code: str,
    refusal: Refusal | None,
    stamp: Stamp,
    *,
    application: bool,
    later: bool = False,
) -> bytes:
    lines = [_msh(head, stamp, application=application, later=later), _msa(head, code, refusal)]
    lines += [_err(head, refusal)] if refusal else []
    return "".join(f"{line}\r" for line in lines).encode("latin-1")


def _msh(head: Head | None, stamp: Stamp, *, application: bool, later: bool) -> str:
    """Sender and receiver swapped; bytes beyond ASCII leave as they came, under the same MSH-18."""
    swapped = [_field(head, each) for each in (5, 6, 3, 4)]
    sets = _field(head, 18) if not "".join([*swapped, _control(head)]).isascii() else ""
    fields = [
        OURS.encoding,
        *swapped,
        stamp.at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000"),
        "",
        _kind(head, application=application),
        control_id(stamp.key),
        _processing(head),
        _version(head),
        *("", "", "NE" if later else "", "NE" if later else "", "", sets),
    ]
    return "|".join(["MSH", *fields]).rstrip("|")


def _msa(head: Head | None, code: str, refusal: Refusal | None) -> str:
    text = escape(refusal.text, OURS) if refusal and _before_25(head) else ""
    return f"MSA|{code}|{_control(head)}|{text}".rstrip("|")


def _err(head: Head | None, refusal: Refusal) -> str:
    """Of 2.5 (section 2.14.5); before it ERR-1 alone, and the words in MSA-3."""
    place, text = refusal.place, _TEXTS[refusal.code]
    numbers = [str(each) if each else "" for each in (place.field, place.repetition, place.component)]
    if _before_25(head):
        code = f"{refusal.code.value}&{text}&HL70357"
        return f"ERR|{place.segment}^{place.sequence}^{numbers[0]}^{code}"
    where = "^".join([place.segment, str(place.sequence), *numbers]).rstrip("^")
    own = f"{refusal.reason}^^99SRM"
    said = escape(refusal.text, OURS)
    return f"ERR||{where}|{refusal.code.value}^{text}^HL70357|E|{own}|||{said}"


def _kind(head: Head | None, *, application: bool) -> str:
    """A commit acknowledgement is always the general one; so is that of what is not taken."""
    code, event = (head.msh.text(9, 1), head.msh.text(9, 2)) if head else ("", "")
    if application and code in _ANSWERS:
        answers, its = _ANSWERS[code]
        return f"{answers}^{its}^{answers}_{its}"
    known = len(event) == 3 and event.isascii() and event.isalnum()
    return f"ACK^{event}^ACK" if known else "ACK"


def _processing(head: Head | None) -> str:
    said = head.msh.text(11) if head else ""
    return said if said in ("P", "T", "D", "N", "V") else "P"


def _version(head: Head | None) -> str:
    said = head.msh.text(12) if head else ""
    return said if said in KNOWN else "2.5.1"


def _before_25(head: Head | None) -> bool:
    return _version(head) in ("2.3", "2.3.1", "2.4")


def _control(head: Head | None) -> str:
    return escape(head.msh.text(10)[:_LONGEST_ID], OURS) if head else ""


def _field(head: Head | None, number: int) -> str:
    fields: tuple[Field, ...] = head.msh.fields if head else ()
    values = fields[number - 1] if len(fields) >= number else ()
    return "~".join(_repetition(each) for each in values)


def _repetition(value: Repetition) -> str:
    return "^".join("&".join(escape(sub, OURS) for sub in each) for each in value.components)
