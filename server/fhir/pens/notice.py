"""DocumentReference: what the patient is told with a result (R4 documentreference.html; second-reading S5.1).

No label of AI: the words are put together from the model's data sheet, and no model has written any of them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, concept
from server.model import Withdrawal
from server.times import instant

TITLE = "How your case was read a second time"


def write_notice(letter: Correspondence, report: str, text: str, now: datetime) -> Json:
    """``report``: the first report, ``Type/id`` at our door, whose patient is told.

    It refers to that report: as long as opinions on it are under seal, so is what tells of them.
    """
    about = [letter.placed(), *_named(letter, [report])]
    return {
        "resourceType": "DocumentReference",
        "identifier": [letter.label(terms.NOTICE, "notice")],
        "status": "current",
        "docStatus": "final",
        "type": concept(terms.OUT_NOTICE),
        "subject": letter.subject(),
        "date": instant(now),
        "author": [letter.operator.reference()],
        "custodian": letter.operator.reference(),
        "description": TITLE,
        "content": [
            {
                "attachment": {
                    "contentType": "text/plain; charset=utf-8",
                    "language": "en",
                    "data": base64.b64encode(text.encode()).decode(),
                    "title": TITLE,
                    "creation": instant(now),
                }
            }
        ],
        "context": {"related": about},
    }


def is_notice(resource: Json) -> bool:
    """Whether it is what a patient was told with a result."""
    named = resource.get("identifier", [])
    kind = resource["resourceType"] == "DocumentReference"
    return kind and any(each.get("system") == terms.NOTICE for each in named)


def withdrawn_notice(notice: Json, said: Withdrawal) -> Json:
    """The same, with the word before it that the model's opinion is withdrawn, and why."""
    [content] = notice["content"]
    attachment = content["attachment"]
    before = base64.b64decode(attachment["data"]).decode()
    text = f"The AI opinion in your case has been withdrawn and must not be used: {said.reason}.\n\n{before}"
    data = base64.b64encode(text.encode()).decode()
    told = {**attachment, "data": data, "creation": instant(said.at)}
    return {**notice, "date": instant(said.at), "content": [{**content, "attachment": told}]}


def _named(letter: Correspondence, keys: Sequence[str]) -> list[Json]:
    return [named for each in keys if (named := letter.reference(each)) is not None]
