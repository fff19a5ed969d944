"""The DICOMweb door on Flask: one table of routes; everything behind it is values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import flask

from server.accesses import Doing
from server.caller import Caller, Deed
from server.dicom.web import outcome, qido, rendered, wado
from server.dicom.web.audit import accesses
from server.dicom.web.desk import Desk, demand
from server.dicom.web.exchange import Answer, Request, Where
from server.dicom.web.frames import bulk_frames
from server.dicom.web.stow import store
from server.errors import Category, Fault

Callers = Callable[[str, datetime], Caller]
"""From the Authorization header to who asks; raises Fault(UNAUTHENTICATED)."""
Interaction = Callable[..., Answer]
_STUDY = "/studies/<study>"
_SERIES = f"{_STUDY}/series/<series>"
_INSTANCE = f"{_SERIES}/instances/<instance>"
_FRAMES = f"{_INSTANCE}/frames/<frames>"
_TAG = "<tag>"


class Route(NamedTuple):
    """One interaction at one address."""

    method: str
    path: str
    interaction: Interaction
    deed: Deed
    """What its caller must be allowed to do with studies."""
    doing: Doing
    """What its AuditEvent says was done."""


def _search(path: str, interaction: Interaction) -> Route:
    return Route("GET", path, interaction, Deed.SEARCH, Doing.SEARCH)


def _fetch(path: str, interaction: Interaction) -> Route:
    return Route("GET", path, interaction, Deed.READ, Doing.READ)


def _send(path: str, interaction: Interaction) -> Route:
    return Route("POST", path, interaction, Deed.CREATE, Doing.CREATE)


ROUTES = (
    _search("/studies", qido.studies),
    _search("/series", qido.series),
    _search("/instances", qido.instances),
    _search(f"{_STUDY}/series", qido.series),
    _search(f"{_STUDY}/instances", qido.instances),
    _search(f"{_SERIES}/instances", qido.instances),
    _fetch(_STUDY, wado.objects),
    _fetch(_SERIES, wado.objects),
    _fetch(_INSTANCE, wado.objects),
    _fetch(f"{_STUDY}/metadata", wado.metadata),
    _fetch(f"{_SERIES}/metadata", wado.metadata),
    _fetch(f"{_INSTANCE}/metadata", wado.metadata),
    _fetch(f"{_INSTANCE}/bulkdata/{_TAG}", wado.bulk),
    _fetch(_FRAMES, bulk_frames),
    _fetch(f"{_FRAMES}/rendered", rendered.one_frame),
    _fetch(f"{_INSTANCE}/rendered", rendered.instance),
    _fetch(f"{_STUDY}/thumbnail", rendered.thumbnail),
    _fetch(f"{_SERIES}/thumbnail", rendered.thumbnail),
    _fetch(f"{_INSTANCE}/thumbnail", rendered.thumbnail),
    _fetch(f"{_FRAMES}/thumbnail", rendered.thumbnail),
    _send("/studies", store),
    _send(_STUDY, store),
)
_HEADERS: dict[Category, dict[str, str]] = {
    Category.BUSY: {"Retry-After": "5"},
    Category.UNAVAILABLE: {"Retry-After": "5"},
    Category.UNAUTHENTICATED: {"WWW-Authenticate": 'Bearer realm="Second Reader"'},  # RFC 6750 section 3
}


def door(desk: Desk, callers: Callers, now: Callable[[], datetime]) -> flask.Blueprint:
    """The blueprint to mount."""
    blueprint = flask.Blueprint("dicomweb", __name__)
    blueprint.add_url_rule("/", "capabilities", _capabilities, strict_slashes=False)
    for route in ROUTES:
        blueprint.add_url_rule(
            route.path,
            endpoint=f"{route.method} {route.path}".replace(".", "_"),
            view_func=_view(desk, route, callers, now),
            methods=[route.method],
            strict_slashes=False,
            merge_slashes=False,  # the redirect would be made from the Host header, which anybody may forge
        )
    blueprint.register_error_handler(Fault, refusal)
    return blueprint


def _view(desk: Desk, route: Route, callers: Callers, now: Callable[[], datetime]) -> Callable[..., Any]:
    def view(**place: str) -> flask.Response:
        at, incoming = now(), flask.request
        caller = callers(incoming.headers.get("Authorization", ""), at)
        request = _request(incoming, caller, at)
        try:
            demand(caller, route.deed)
            answer = route.interaction(desk, request, Where(**place))
            body = _begun(answer.body)
        except Fault as failure:
            desk.trail.keep(accesses(desk, request, route.doing, failure))
            raise
        desk.trail.keep(accesses(desk, request, route.doing, answer))
        return _flask(answer, body)

    return view


def _begun(body: Iterable[bytes]) -> Iterable[bytes]:
    """With its first piece made: what cannot be made at all is refused, not broken off."""
    if isinstance(body, tuple):
        return body
    pieces: Iterator[bytes] = iter(body)
    for first in pieces:
        # The part's head is a piece of its own: the one after it is the first of the content.
        second = next(pieces, b"")
        return chain((first, second), pieces)
    return ()


def _request(incoming: flask.Request, caller: Caller, at: datetime) -> Request:
    return Request(
        method=incoming.method,
        path=incoming.path,
        args=tuple(incoming.args.items(multi=True)),
        query=incoming.query_string.decode("ascii", "replace"),
        headers={name.lower(): value for name, value in incoming.headers.items()},
        body=incoming.environ["wsgi.input"],
        at=at,
        caller=caller,
        address=incoming.remote_addr or "",
        id=asked.id if (asked := flask.g.get("asked")) is not None else "",
    )


def refusal(failure: Fault) -> flask.Response:
    """The answer to a Fault."""
    status, body = outcome.of(failure)
    headers = {**_HEADERS.get(failure.category, {}), "Content-Type": "application/fhir+json; charset=utf-8"}
    return flask.Response(body, status, headers)


def _flask(answer: Answer, body: Iterable[bytes]) -> flask.Response:
    response = flask.Response(body, answer.status)
    response.headers.pop("Content-Type", None)
    if answer.content_type:
        response.headers["Content-Type"] = answer.content_type
    response.headers.update(answer.headers)
    for each in answer.warnings:
        response.headers.add("Warning", each)
    return response


def _capabilities() -> flask.Response:
    """What is offered, for people; open as the CapabilityStatement of the FHIR door is."""
    told = [{"method": each.method, "path": each.path} for each in ROUTES]
    return flask.Response(json.dumps({"offered": told}), content_type="application/json")
