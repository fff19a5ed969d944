"""``complete`` and ``$complete-study``: a person or a system says that a study is complete as it is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from server import settings
from server.case import IllegalMove, State
from server.clock import now
from server.completeness import Called
from server.errors import Category, fault
from server.options import BY, WORDS

if TYPE_CHECKING:
    from server.ports import CaseRow, Reader
    from server.wiring import House

_WAITING = (State.RECEIVED, State.INCOMPLETE)


@dataclass(frozen=True, slots=True)
class StudyCalls:
    """``server.ports.Completing`` over one house."""

    house: House

    def call(self, task_id: str, by: str, reason: str, at: datetime) -> int:
        case_id = self.house.ledger.case_of_task(task_id)
        case = None if case_id is None else self.house.ledger.find(case_id)
        if case is None:
            raise fault(Category.NOT_FOUND, "not-found", "no case was opened by this Task")
        return called_complete(self.house, case, by, reason, at)


def called_complete(house: House, case: CaseRow, by: str, reason: str, at: datetime) -> int:
    """How many objects it holds for; said again of the same objects, it changes nothing.

    Raises:
        Fault: CONFLICT, as ``server.ports.Completing`` says.
    """
    # Beside what else the worker needs, and only when somebody calls.
    from server.steps.casefile import CaseFile  # noqa: PLC0415
    from server.steps.imaging import callable_state, from_images  # noqa: PLC0415
    from server.workers import case_worker  # noqa: PLC0415

    file = CaseFile(case, case_worker(house, _nobody).tools, at)
    if not from_images(file):
        text = "this question is not read from images; no study is waited for"
        raise fault(Category.CONFLICT, "business-rule", text)
    state, objects = callable_state(file)
    said = file.latest("called-complete", Called)
    if said is not None and said.state == state:
        return objects  # wherever the case stands by now
    position = case.position
    if position.ended or position.before is not None:
        text = "the case has ended, or a person has it in hand; no study is waited for"
        raise fault(Category.CONFLICT, "business-rule", text)
    if position.state in _WAITING:
        try:
            house.ledger.call_complete(case.id, Called(state, by, reason, at))
        except IllegalMove as error:
            text = "the case has moved on meanwhile; 'case' tells where it stands"
            raise fault(Category.CONFLICT, "business-rule", text) from error
    return objects


@click.command()
@click.argument("case_id")
@BY
@click.option("--reason", required=True, type=WORDS, help="How it is known; stands in the history.")
def complete(case_id: str, by: str, reason: str) -> None:
    """Say that the study of a case is complete as it is here.

    For a case that waits for more images, or for the time in which more may come. It holds for just
    the objects that are here: whatever comes later is waited for again, and read again.
    """
    from server.wiring import build  # noqa: PLC0415 - the door's desk imports this module

    house = build(settings.load())
    case = house.ledger.find(case_id)
    if case is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such case; 'cases' lists the latest")
    objects = called_complete(house, case, by, reason, now())
    click.echo(f"the study of {case_id} is complete with {objects} objects")


def _nobody(question: str) -> Reader:
    raise fault(Category.BROKEN, "exception", f"no reader of {question} is needed to call a study complete")
