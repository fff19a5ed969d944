"""A case ends without an opinion: its Task and all that hangs on it end with it, here and at the EHR."""

from __future__ import annotations

from server.fhir.pens.correspondence import Standing
from server.fhir.task_states import ended
from server.model import OfferEnd
from server.steps.called_back import called_back
from server.steps.casefile import WORKER, Moved
from server.steps.letters import recalled, referral_letter, request_end, told
from server.steps.preview import hidden_again
from server.steps.tasks import moved_request, moved_task


def called_off(move: Moved, standing: Standing) -> Moved:
    """Move the EHR's Task to its end, and with it the referral, with the offer that is still open.

    What was shown to anybody is called back before: nobody looks whether it still holds once this has ended.
    """
    hidden_again(move, WORKER, "the second read has ended without a result")
    file, referral = called_back(move).file, move.file.referral
    over = ended(file.task["status"])
    if referral is None or referral.offer is None:
        return move if over else told(move, standing)
    referral = recalled(move, referral, OfferEnd.CALLED_OFF)
    status = request_end(file)
    move.write(moved_request(file, referral.service_request, status))
    if not over:
        move.write(moved_task(file, f"Task/{file.case.task_id}", standing))
    return move.send(referral_letter(move, referral, standing, status))
