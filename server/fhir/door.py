"""The REST door on Flask: one table of routes; everything behind it is values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import flask
from werkzeug.exceptions import HTTPException

from server.errors import Category, Fault, fault
from server.fhir import outcome
from server.fhir.body import read_body
from server.fhir.create import create
from server.fhir.desk import Desk
from server.fhir.exchange import JSON, Request, Response
from server.fhir.metadata import metadata
from server.fhir.read import history, read, vread
from server.fhir.search import search
from server.fhir.transaction import transaction
from server.fhir.update import conditional_update, update
from server.fhir.write import dump

ROUTES: tuple[tuple[str, str, Callable[..., Response]], ...] = (
    ("GET", "/metadata", metadata),
    ("POST", "/", transaction),
    ("GET", "/<type_>", search),
    ("POST", "/<type_>/_search", search),
    ("POST", "/<type_>", create),
    ("PUT", "/<type_>", conditional_update),
    ("GET", "/<type_>/<id_>", read),
    ("PUT", "/<type_>/<id_>", update),
    ("GET", "/<type_>/<id_>/_history", history),
    ("GET", "/<type_>/<id_>/_history/<int:version>", vread),
)
"""Method, path below [base], interaction."""

_READ_TYPES = frozenset({JSON, "application/json", "text/json", "*/*", "application/*", ""})
_FORMATS = frozenset({JSON, "application/json", "text/json", "json", ""})
_FORM = "application/x-www-form-urlencoded"


def door(desk: Desk, now: Callable[[], datetime]) -> flask.Blueprint:
    """The blueprint to mount at [base]'s path."""
    blueprint = flask.Blueprint("fhir", __name__)
    for method, path, interaction in ROUTES:
        blueprint.add_url_rule(
            path,
            endpoint=f"{method} {path}",
            view_func=_view(desk, interaction, now),
            methods=[method],
            strict_slashes=False,
        )
    blueprint.register_error_handler(Fault, refusal)
    blueprint.register_error_handler(HTTPException, _http_refusal)
    return blueprint


def _view(
    desk: Desk, interaction: Callable[..., Response], now: Callable[[], datetime]
) -> Callable[..., flask.Response]:
    def view(**place: Any) -> flask.Response:
        _demand_formats(flask.request)
        request = _request(flask.request, desk, now())
        return _flask(interaction(desk, request, **place))

    return view


def refusal(failure: Fault) -> flask.Response:
    """The answer to a Fault."""
    status, body = outcome.of(failure)
    headers = {"Retry-After": "5"} if failure.category in (Category.BUSY, Category.UNAVAILABLE) else {}
    return _flask(Response(status, dump(body), headers))


def _http_refusal(error: HTTPException) -> flask.Response:
    """Flask's own refusals (no such route, method not offered) in FHIR's words."""
    if error.code == 405:
        methods = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        failure = fault(
            Category.NOT_ALLOWED, "not-supported", f"this interaction is not offered here; offered: {methods}"
        )
    else:
        failure = fault(
            Category.NOT_FOUND, "not-found", "there is nothing here; see metadata for what is served"
        )
    return refusal(failure)


def _demand_formats(incoming: flask.Request) -> None:
    if incoming.args.get("_format", "") not in _FORMATS:
        raise fault(Category.NOT_ACCEPTABLE, "not-supported", f"served as {JSON} only")
    accepted = incoming.headers.get("Accept", "")
    if "_format" not in incoming.args and not any(_bare(each) in _READ_TYPES for each in accepted.split(",")):
        raise fault(Category.NOT_ACCEPTABLE, "not-supported", f"served as {JSON} only")
    if incoming.method not in ("POST", "PUT"):
        return
    sent = incoming.headers.get("Content-Type", "")
    wanted = (_FORM,) if incoming.path.endswith("/_search") else (JSON, "application/json", "text/json")
    if _bare(sent) not in wanted or "utf-16" in sent.lower() or "utf-32" in sent.lower():
        raise fault(
            Category.UNSUPPORTED, "not-supported", f"accepted Content-Type: {', '.join(wanted)}; UTF-8"
        )


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _request(incoming: flask.Request, desk: Desk, at: datetime) -> Request:
    body = b""
    if incoming.method in ("POST", "PUT"):
        body = read_body(
            incoming.environ["wsgi.input"],
            incoming.content_length,
            incoming.headers.get("Content-Encoding", "").strip().lower(),
            desk.max_bundle,
        )
    return Request(
        method=incoming.method,
        path=incoming.path,
        query=incoming.query_string.decode("ascii", "replace"),
        headers={name.lower(): value for name, value in incoming.headers},
        body=body,
        at=at,
    )


def _flask(response: Response) -> flask.Response:
    return flask.Response(
        response.body,
        status=response.status,
        headers=dict(response.headers),
        content_type=f"{JSON}; charset=utf-8" if response.body else None,
    )
