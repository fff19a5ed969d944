"""``vouch``: a person says that the images are those of the order, in spite of what differs."""

from __future__ import annotations

import click

from server import settings
from server.case import IllegalMove, public_state
from server.clock import now
from server.errors import Category, fault
from server.options import WORDS
from server.ports import Reader
from server.steps.casefile import CaseFile
from server.steps.imaging import from_images, vouching
from server.wiring import build
from server.workers import case_worker


@click.command()
@click.argument("case_id")
@click.option("--by", required=True, type=WORDS, help="Who vouches for it; stands in the history.")
@click.option("--reason", required=True, type=WORDS, help="How it is known; stands in the history.")
def vouch(case_id: str, by: str, reason: str) -> None:
    """Say that the images are those of the order, and let the held case go on.

    For a case that is held because its images name another patient or another accession number than
    the order. It holds for just these images and this order: whatever comes or changes later is
    compared again.
    """
    house = build(settings.load())
    case = house.ledger.find(case_id)
    if case is None:
        raise fault(Category.NOT_FOUND, "not-found", "there is no such case; 'cases' lists the latest")
    file = CaseFile(case, case_worker(house, _nobody).tools, now())
    state, objects = vouching(file) if from_images(file) else ("", 0)
    if not state:
        text = "there is not exactly one study here that the order may mean; nothing to vouch for"
        raise fault(Category.CONFLICT, "business-rule", text)
    try:
        moved = house.ledger.vouch(case_id, by, reason, state, file.now)
    except IllegalMove as error:
        text = "only a held case can be vouched for; 'case' tells where this one stands"
        raise fault(Category.CONFLICT, "business-rule", text) from error
    back = public_state((moved or case).position.state)
    what = f"1 study of {objects} object{'s' * (objects != 1)}"
    click.echo(
        f"{case_id} goes on from state {back} with {what}; the worker looks at it next, and holds it again "
        "when anything else comes"
    )


def _nobody(question: str) -> Reader:
    raise fault(Category.BROKEN, "exception", f"no reader of {question} is needed to vouch")
