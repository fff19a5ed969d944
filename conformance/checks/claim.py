"""One claim: what must hold, on which clause it rests, and how it is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.checks.run import Run
from conformance.checks.verdict import (
    MISSHAPEN,
    PASSED,
    NoAnswer,
    Outcome,
    Skipped,
    Unmet,
    Verdict,
    failed,
    not_run,
)
from conformance.peers.blindness import NotBlind
from conformance.peers.client import NotDone

Attempt = Callable[[Run], str | None]
"""Raises Unmet or Skipped; may return what it could not see although it passed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A row of the table."""

    id: str
    clause: str
    """Of the standard, or of our own documentation. "(SHOULD)" marks what another server may leave out."""
    says: str
    """One sentence that must hold."""
    attempt: Attempt
    ours: bool = False
    """A rule of Second Reader, beyond the standard."""
    needs: tuple[str, ...] = ()
    """What the CapabilityStatement must offer, as in ``Patient.create`` or ``transaction``."""

    def judge(self, run: Run) -> Verdict:
        """Try it."""
        if self.ours and not run.ours:
            return not_run(
                "a rule of Second Reader, and the CapabilityStatement is not its own; --ours tries it"
            )
        lacks = next(filter(None, map(run.statement.lacks, self.needs)), "")
        return not_run(lacks) if lacks else self._judge(run)

    def _judge(self, run: Run) -> Verdict:
        try:
            unseen = self.attempt(run)
        except Skipped as reason:
            return not_run(str(reason))
        except Unmet as unmet:
            return failed(unmet.expected, unmet.came)
        except (NoAnswer, NotBlind) as wrong:
            return failed(self.says, str(wrong))
        except NotDone as refused:
            return failed("what leads up to this claim is carried out", str(refused))
        except MISSHAPEN as error:
            return failed("an answer that is built as R4 says", f"{type(error).__name__}: {error}")
        return Verdict(Outcome.PASSED, why=unseen) if unseen else PASSED


def claim(
    id_: str, clause: str, says: str, *, ours: bool = False, needs: tuple[str, ...] = ()
) -> Callable[[Attempt], Claim]:
    """Make a function the attempt of a claim."""
    return lambda attempt: Claim(id_, clause, says, attempt, ours, needs)
