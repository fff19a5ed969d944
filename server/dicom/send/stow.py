"""One delivery to an archive by DICOMweb: STOW-RS, then QIDO-RS tells that it is there (PS3.18)."""

from __future__ import annotations

import hashlib
from typing import Final

from server.dicom.json_model import MEDIA_TYPE, objects, values
from server.dicom.send.outgoing import Outgoing
from server.dicom.send.statuses import stored
from server.errors import Category
from server.model import Receipt
from server.ports import Undelivered, WebLine

_ANSWERED: Final = (200, 202, 409)
_REFUSED: Final = (Category.FORBIDDEN, Category.UNPROCESSABLE)
"""As which an answer counts by which none of the objects was stored (PS3.18 table 10.5.3-1)."""
_NOT_ASKABLE: Final = (400, 405, 406, 413, 501)
"""By which an archive says that it does not answer this search; then sending again is still harmless."""
_SOP_INSTANCE, _REFERENCED, _FAILED, _REASON = "00080018", "00081155", "00081198", "00081197"


def by_web(line: WebLine, sent: Outgoing, attempt: int) -> Receipt:
    """Delivered means that a search finds it, once."""
    receipt = _look(line, sent) if attempt > 1 else None
    if receipt is not None:
        return receipt
    _store(line, sent)
    receipt = _look(line, sent)
    if receipt is None:
        text = "the archive took the object, and a search does not find it"
        raise Undelivered(Category.UNAVAILABLE, "incomplete", text)
    return receipt


def _store(line: WebLine, sent: Outgoing) -> None:
    boundary = hashlib.sha256(sent.content).hexdigest()
    headers = {
        "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        "Accept": MEDIA_TYPE,
    }
    head = f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join((head, sent.content, f"\r\n--{boundary}--\r\n".encode()))
    try:
        status, answer = line.ask("POST", "/studies", headers, body, _ANSWERED)
    except Undelivered as failure:
        failure.untouched |= failure.category in _REFUSED
        raise
    reason = _failure(answer, sent.sop_instance)
    if reason is not None:
        stored(reason)  # a duplicate is looked for, like what was stored
    elif status == 409:
        text = "the archive answered HTTP 409: it refuses the object and does not say why"
        raise Undelivered(Category.UNPROCESSABLE, "processing", text, untouched=True)


def _look(line: WebLine, sent: Outgoing) -> Receipt | None:
    """None when it is not there, or cannot be asked about."""
    path = f"/studies/{sent.study}/instances"
    asked = f"{path}?SOPInstanceUID={sent.sop_instance}"
    expected = (200, 204, 404, *_NOT_ASKABLE)
    status, answer = line.ask("GET", asked, {"Accept": MEDIA_TYPE}, b"", expected)
    if status != 200:
        return None
    found = [each for each in objects(answer) or () if sent.sop_instance in values(each, _SOP_INSTANCE)]
    if len(found) > 1:
        text = "the archive has the object more than once; a person has to look"
        raise Undelivered(Category.CONFLICT, "duplicate", text)
    where = (f"/studies/{sent.study}/series/{sent.series}/instances/{sent.sop_instance}",)
    return Receipt(status, where, "found") if found else None


def _failure(answer: bytes, uid: str) -> int | None:
    """Failure Reason of our object (PS3.18 table I.2-1), when the answer names one."""
    for each in objects(answer) or ():
        for item in values(each, _FAILED):
            if isinstance(item, dict) and uid in values(item, _REFERENCED):
                reasons = [value for value in values(item, _REASON) if isinstance(value, int)]
                return reasons[0] if reasons else 0x0110
    return None
