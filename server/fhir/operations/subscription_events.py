"""$events: what has happened, told again (backport IG, backport-subscription-events).

Whatever became of the notifications, nothing that was numbered is forgotten.
"""

from __future__ import annotations

from server.errors import Category, fault
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.operations.told import told
from server.fhir.parse import own
from server.fhir.read import found, gone
from server.fhir.subscriptions import sight
from server.fhir.subscriptions.channel import CONTENTS, channel_of
from server.fhir.subscriptions.notification import Told, Words
from server.fhir.write import dump

MOST = 100
"""Events of one answer; events-since-subscription-start says how many there are."""
_QUERY = "query-event"
_SINCE, _UNTIL, _CONTENT = "eventsSinceNumber", "eventsUntilNumber", "content"


def events(desk: Desk, request: Request, id_: str) -> Response:
    chosen = dict(told(desk, request, (_SINCE, _UNTIL, _CONTENT)))
    first, last = _number(chosen, _SINCE, 1), _number(chosen, _UNTIL, 2**62)
    content = chosen.get(_CONTENT)
    if content is not None and content not in CONTENTS:
        raise fault(Category.INCORRECT, "value", f"content is one of {', '.join(CONTENTS)}", _CONTENT)
    newest = found(desk.shelf.newest("Subscription", id_))
    if newest.deleted:
        return gone(newest)
    subscribed = desk.notices.subscribed([id_])[id_]
    resource = own(newest.body)
    words = Words(desk.base, subscribed, content or channel_of(resource).content, resource.get("error", ""))
    with desk.whole.snapshot() as shelf:
        numbered = desk.notices.occurrences(id_, first, last, MOST)
        seen = [Told(each, sight.told(shelf, desk.seals, (desk.rights,), each)) for each in numbered]
    shown = [newest, *(each.stored for each in seen if each.stored is not None)]
    return Response(200, dump(words.bundle(_QUERY, seen, request.at)), shown=shown)


def _number(chosen: dict[str, str], name: str, otherwise: int) -> int:
    text = chosen.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise fault(Category.INCORRECT, "value", f"{name} is a whole number", name)
    return min(int(text), otherwise if name == _UNTIL else 2**62)
