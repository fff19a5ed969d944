"""$status: how one's subscriptions stand (backport IG, backport-subscription-status)."""

from __future__ import annotations

from collections.abc import Sequence

from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.operations.told import told
from server.fhir.parse import own
from server.fhir.read import found, gone
from server.fhir.subscriptions.channel import channel_of
from server.fhir.subscriptions.notification import Words
from server.fhir.write import dump
from server.ports import Resource, Stored
from server.query import Ids, Query, Test
from server.times import instant

_QUERY = "query-status"
_MOST = 1_000


def status(desk: Desk, request: Request, id_: str) -> Response:
    """Of one; what would choose among several is ignored there."""
    told(desk, request, ("id", "status"))
    newest = found(desk.shelf.newest("Subscription", id_))
    return gone(newest) if newest.deleted else _answer(desk, request, [newest])


def status_all(desk: Desk, request: Request) -> Response:
    """Of all that the caller may find, or of those with these ids, in these states."""
    chosen = told(desk, request, ("id", "status"))
    ids, states = _values(chosen, "id"), _values(chosen, "status")
    about: tuple[Test, ...] = (Ids(ids),) if ids else ()
    seen = desk.asker(request).sees("Subscription")
    listed = desk.shelf.find(Query("Subscription", (*about, *seen)), _MOST)
    return _answer(desk, request, [each for each in listed if not states or _state(each) in states])


def _answer(desk: Desk, request: Request, listed: Sequence[Stored]) -> Response:
    standing = desk.notices.subscribed([each.id for each in listed])
    entries = [
        {
            "fullUrl": f"{desk.base}/Subscription/{each.id}/$status",
            "resource": Words(desk.base, standing[each.id], *_said(own(each.body))).status(_QUERY),
            "search": {"mode": "match"},
        }
        for each in listed
        if each.id in standing
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": instant(request.at),
        "total": len(entries),
        **({"entry": entries} if entries else {}),
    }
    return Response(200, dump(bundle), shown=listed)


def _said(resource: Resource) -> tuple[str, str]:
    return channel_of(resource).content, resource.get("error", "")


def _state(stored: Stored) -> str:
    return str(own(stored.body)["status"])


def _values(chosen: Sequence[tuple[str, str]], name: str) -> tuple[str, ...]:
    return tuple(each for told, text in chosen if told == name for each in text.split(",") if each)
