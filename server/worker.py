"""The only carrier: claim a case, run one step outside any transaction, commit its whole outcome.

A worker that dies leaves nothing behind but a lease that ends. A step that fails is tried again
with growing pauses, then the case is marked faulted, where a person sees it and can resume it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from server.case import public_state
from server.errors import Category, Fault, fault
from server.log import logger
from server.ports import (
    CaseRow,
    Claim,
    Courier,
    DeliveryClaim,
    LeaseLost,
    NotYet,
    Progress,
    Raced,
    Undelivered,
)
from server.routing.deadlines import retry_delay
from server.steps import take_step
from server.steps.casefile import CaseFile, Tools, Wait
from server.steps.give_up import give_up
from server.store.deliveries import Deliveries
from server.store.ledger import Ledger

T = TypeVar("T")
_PAUSE = timedelta(seconds=1)
Now = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class CaseWorker:
    """Carries cases."""

    ledger: Ledger
    tools: Tools
    now: Now
    attempts: int
    resolved: Callable[[str], object] = str
    """Is told the question of each case that is resolved."""

    def once(self) -> bool:
        """Carry one due case as far as it goes now; False when none is due."""
        claim = self.ledger.claim(self.now())
        if claim is None:
            return False
        try:
            while claim is not None:
                claim = self._carry(claim)
        except LeaseLost:
            logger().warning("lease lost")
        return True

    def _carry(self, claim: Claim) -> Claim | None:
        """The claim to go on with, or None when the case is laid down."""
        try:
            return foreseen(lambda: self._step(claim), case=claim.case.id)
        except Fault as failure:
            self._failed(claim, str(failure))
            return None

    def _step(self, claim: Claim) -> Claim | None:
        at = self.now()
        outcome = take_step(CaseFile(claim.case, self.tools, at))
        if isinstance(outcome, Wait):
            self.ledger.release(claim, outcome.until, at)
            return None
        return self._commit(claim, outcome, at)

    def _commit(self, claim: Claim, progress: Progress, at: datetime) -> Claim | None:
        keep = progress.due_at is not None and progress.due_at <= at
        try:
            case = self.ledger.commit(claim, progress, at, keep=keep)
        except Raced:  # a resource changed under the step: look again at once
            self.ledger.release(claim, at, at)
            return None
        _tell(case, progress)
        if any(each.kind == "result" for each in progress.facts):
            self._count(case)
        return Claim(case, claim.token) if keep else None

    def _count(self, case: CaseRow) -> None:
        """The case is resolved, whatever becomes of the look; the next one looks at it, too."""
        try:
            foreseen(lambda: self.resolved(case.question), case=case.id)
        except Fault as failure:
            logger().error("the watches cannot look", question=case.question, reason=str(failure))

    def _failed(self, claim: Claim, error: str) -> None:
        attempt, position, at = claim.case.attempts + 1, claim.case.position, self.now()
        logger().warning(
            "step failed", case=claim.case.id, state=public_state(position.state), attempt=attempt
        )
        # Held, faulted or over: there is nothing more to give up.
        given_up = position.before is not None or position.ended
        if attempt < self.attempts or given_up:
            self.ledger.failed(claim, at + retry_delay(attempt, claim.case.id), error)
            return
        file = CaseFile(claim.case, self.tools, at)
        try:
            progress = foreseen(lambda: give_up(file, error, attempt), case=claim.case.id)
        except Fault:  # telling the EHR is what fails: the case says so here at least
            progress = give_up(file, error, attempt, tell=False)
        try:
            self.ledger.commit(claim, progress, at, keep=False)
        except Raced:  # the EHR's Task changed meanwhile: once more
            self.ledger.failed(claim, at + retry_delay(attempt, claim.case.id), error)


def foreseen(work: Callable[[], T], **about: str) -> T:
    """Do ``work``; what nobody foresaw becomes a Fault of ours, counted like any other."""
    try:
        return work()
    except (Fault, LeaseLost):
        raise
    # The one broad except of this process: a bug in one case or document must not stop the others.
    except Exception as error:
        logger().exception("failed unexpectedly", **about)
        raise fault(Category.BROKEN, "exception", f"an error of ours: {type(error).__name__}") from error


def _tell(case: CaseRow, progress: Progress) -> None:
    if not progress.entries:
        return  # it has registered what it waits for, and stands where it stood
    sealed = any(entry.sealed for entry in progress.entries)
    events = ["(sealed)"] if sealed else [str(entry.event) for entry in progress.entries]
    logger().info("case moved", case=case.id, events=events)


@dataclass(frozen=True, slots=True)
class DeliveryWorker:
    """Takes documents to their destinations, each lane in order."""

    deliveries: Deliveries
    courier: Courier
    now: Now

    def once(self) -> bool:
        """Attempt one due delivery; False when none is due."""
        claim = self.deliveries.claim(self.now())
        if claim is None:
            return False
        try:
            self._attempt(claim)
        except LeaseLost:
            logger().warning("lease lost", document=claim.document.id)
        return True

    def _attempt(self, claim: DeliveryClaim) -> None:
        try:
            receipt = foreseen(
                lambda: self.courier.deliver(claim.document, claim.attempt), document=claim.document.id
            )
        except NotYet as waits:
            self._awaits(claim, waits)
            return
        except Fault as failure:
            self._failed(claim, failure)
            return
        self.deliveries.delivered(claim, receipt, self.now())
        logger().info("delivered", document=claim.document.id, kind=claim.document.kind, how=receipt.how)

    def _awaits(self, claim: DeliveryClaim, waits: NotYet) -> None:
        at = self.now()
        if at >= claim.give_up_at:
            self._failed(claim, waits)
            return
        self.deliveries.awaits(claim, waits, min(waits.until, claim.give_up_at), at)
        logger().info("sent", document=claim.document.id, kind=claim.document.kind)

    def _failed(self, claim: DeliveryClaim, failure: Fault) -> None:
        at = self.now()
        wait = max(retry_delay(claim.attempt, claim.document.id), asked_to_wait(failure))
        again = at + wait if failure.category.ours and at + wait < claim.give_up_at else None
        logger().warning(
            "delivery failed",
            document=claim.document.id,
            attempt=claim.attempt,
            category=failure.category.value,
            parked=again is None,
        )
        untouched = isinstance(failure, Undelivered) and failure.untouched
        self.deliveries.failed(claim, str(failure), again, at, untouched=untouched)


def asked_to_wait(failure: Fault) -> timedelta:
    """What the destination's Retry-After asks for, when it sent one."""
    asked = getattr(failure, "retry_after", None)
    return asked if isinstance(asked, timedelta) else timedelta(0)


class Loop:
    """Runs ``once`` again and again in a thread until told to stop; sleeps while nothing is due."""

    def __init__(self, name: str, once: Callable[[], bool], idle: Callable[[threading.Event], None]) -> None:
        self._once = once
        self._idle = idle
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the step in hand, then end."""
        self._stop.set()
        self._thread.join()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self._once()
            except Fault as failure:  # the store cannot be used now: a full disk passes, or a person mends it
                logger().error("cannot work", reason=str(failure))
                self._stop.wait(_PAUSE.total_seconds())
                continue
            if not busy:
                self._idle(self._stop)
