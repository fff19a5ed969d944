"""One message and the answers that come while it waits for its own, without I/O (HL7 v2 section 2.9).

Delivered is what was acknowledged as it was agreed: AA in original mode, CA in enhanced mode; AA there says
more than was asked. Where an application answer is agreed, it is waited for behind CA; one that does not come
leaves CA, by which the other side has taken the message upon itself.
"""

from __future__ import annotations

from typing import Final

from server.errors import Category
from server.hl7v2.send.acknowledgement import Acknowledgement, acknowledgement
from server.model import AckMode, Hl7Terms, Receipt
from server.ports import Undelivered

_FOR_GOOD: Final = frozenset({"200", "201", "202", "203"})
"""Table 0357: message type, event, processing id or version are not taken there."""
_PASSING: Final = frozenset({"207"})
"""Application error; one that a rejection is due to passes (section 2.9.2.2: the system is down)."""


class Exchange:
    """Raises Undelivered as soon as it is clear that the message is not taken."""

    def __init__(self, control: str, terms: Hl7Terms, *, unanswered: bool = False) -> None:
        """``unanswered``: the message itself asks for no answer (MSH-15 and MSH-16 are NE)."""
        self._control = control
        self.unanswered = unanswered
        self._enhanced = terms.mode is AckMode.ENHANCED
        self._application = self._enhanced and terms.application_answer
        self.committed = False
        """CA has come, and more was agreed."""
        self.ignored = 0
        """Answers to something else, and what was none."""

    def heard(self, payload: bytes) -> Receipt | None:
        """None: its answer has yet to come."""
        said = acknowledgement(payload)
        if said is None or said.of != self._control:
            self.ignored += 1
            return None
        if said.code == "AA":
            return self._receipt("AA")
        if said.code == "CA":
            return self._stored()
        raise self._refused(said)

    def written(self) -> Receipt:
        """Of a message that nobody answers."""
        return self._receipt("written")

    def over(self) -> Receipt:
        """Nothing more comes: CA is enough, though more was agreed."""
        if self.committed:
            return self._receipt("CA")
        text = "the system did not acknowledge the message in time"
        if self.ignored:
            text += f"; {self.ignored} answers that are not to this message were ignored"
        raise Undelivered(Category.UNAVAILABLE, "timeout", text)

    def _stored(self) -> Receipt | None:
        if not self._enhanced:
            text = 'it answers CA, and AA is agreed; with mode = "enhanced" CA is enough'
            raise Undelivered(Category.UNPROCESSABLE, "not-supported", text)
        self.committed = True
        return None if self._application else self._receipt("CA")

    def _receipt(self, how: str) -> Receipt:
        return Receipt(None, (f"MSH-10 {self._control}",), how)

    def _refused(self, said: Acknowledgement) -> Undelivered:
        told = f"the system answered {said.code}"
        if said.errors:
            told += f" with {', '.join(sorted(said.errors))}"
        words = f"; it says: {said.words}" if said.words else ""
        if said.code in ("AR", "CR") and not said.errors - _PASSING:
            return Undelivered(Category.UNAVAILABLE, "transient", f"{told}: it does not take it now{words}")
        unread = said.code in ("AR", "CR") and bool(said.errors & _FOR_GOOD)
        text = f"{told}: it refuses the message; mend the cause, then send again{words}"
        code = "not-supported" if unread else "processing"
        return Undelivered(Category.UNPROCESSABLE, code, text, untouched=unread and not self.committed)
