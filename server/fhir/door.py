"""The REST door on Flask: one table of routes; everything behind it is values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import MethodNotAllowed

from server.errors import Category, Fault, fault
from server.fhir import outcome
from server.fhir.body import read_body
from server.fhir.create import create
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.format import Format, demand_readable, wanted, written
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
    ("GET", f"/<type_>/<id_>/_history/<int(max={2**31 - 1}):version>", vread),
)
"""Method, path below [base], interaction."""

_HEADERS: dict[Category, dict[str, str]] = {
    Category.BUSY: {"Retry-After": "5"},
    Category.UNAVAILABLE: {"Retry-After": "5"},
    Category.NOT_ALLOWED: {"Allow": "GET, HEAD"},
}
"""What a refusal says beside its body; a type that cannot be written can be read all the same."""


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
            merge_slashes=False,  # the redirect would be made from the Host header, which anybody may forge
        )
    blueprint.register_error_handler(Fault, refusal)
    blueprint.app_errorhandler(MethodNotAllowed)(_not_offered)
    return blueprint


def _view(
    desk: Desk, interaction: Callable[..., Response], now: Callable[[], datetime]
) -> Callable[..., flask.Response]:
    limit = desk.max_bundle if interaction is transaction else desk.max_resource

    def view(**place: Any) -> flask.Response:
        format_ = _wanted(flask.request)
        if flask.request.method in ("POST", "PUT"):
            demand_readable(
                flask.request.headers.get("Content-Type", ""), form=flask.request.path.endswith("/_search")
            )
        return _flask(interaction(desk, _request(flask.request, limit, now()), **place), format_)

    return view


def refusal(failure: Fault) -> flask.Response:
    """The answer to a Fault."""
    status, body = outcome.of(failure)
    try:
        format_ = _wanted(flask.request)
    except Fault:
        format_ = Format()  # whoever cannot be given what they want is told so in JSON
    return _flask(Response(status, dump(body), _HEADERS.get(failure.category, {})), format_)


def _not_offered(error: MethodNotAllowed) -> flask.Response:
    """A method that no route of this address has; RFC 9110 section 15.5.6 asks to name those that it has."""
    methods = ", ".join(sorted(error.valid_methods or ()))
    answer = refusal(
        fault(
            Category.NOT_ALLOWED, "not-supported", f"this interaction is not offered here; offered: {methods}"
        )
    )
    answer.headers["Allow"] = methods
    return answer


def _wanted(incoming: flask.Request) -> Format:
    asked = incoming.args
    return wanted(asked.get("_format", ""), incoming.headers.get("Accept", ""), asked.get("_pretty", ""))


def _request(incoming: flask.Request, limit: int, at: datetime) -> Request:
    body = b""
    if incoming.method in ("POST", "PUT"):
        body = read_body(
            incoming.environ["wsgi.input"],
            incoming.content_length,
            incoming.headers.get("Content-Encoding", "").strip().lower(),
            limit,
        )
    return Request(
        method=incoming.method,
        path=incoming.path,
        query=incoming.query_string.decode("ascii", "replace"),
        headers={name.lower(): value for name, value in incoming.headers},
        body=body,
        at=at,
    )


class _Answer(flask.Response):
    """The headers of most answers are whole as they are; going through them takes longer than making them."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        return self.headers if self.status_code in (200, 201) else super().get_wsgi_headers(environ)


def _flask(response: Response, format_: Format) -> flask.Response:
    body, format_ = written(response, format_)
    headers = dict(response.headers)
    if body:
        headers["Content-Type"] = format_.content_type
    return _Answer(body, status=response.status, headers=headers)
