"""The REST door on Flask: the table of routes; everything behind it is values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from server.caller import EVERYBODY, Caller
from server.errors import Category, Fault, fault
from server.fhir import binary, outcome
from server.fhir.audit.doings import TYPES, catch_up, watching
from server.fhir.audit.witness import Witness
from server.fhir.body import read_body
from server.fhir.bundle import bundle
from server.fhir.bundle_entry import Ask
from server.fhir.create import create
from server.fhir.desk import Desk
from server.fhir.exchange import Request, Response
from server.fhir.format import Format, demand_readable, wanted, wanted_in, written
from server.fhir.read import read, vread
from server.fhir.routes import DEEDS, OPEN, ROUTES, SEARCHES
from server.fhir.update import conditional_update, update
from server.fhir.write import dump

Callers = Callable[[str, datetime], Caller]
"""From the Authorization header to who asks; raises Fault(UNAUTHENTICATED)."""
_NATIVE = frozenset({create, update, conditional_update, read, vread})
"""What goes in and out in any format, of a Binary (R4 binary.html#rest)."""
_WITH_BODY = ("POST", "PUT", "PATCH")
_MAP = Map(
    [Rule(path, methods=[method], endpoint=interaction) for method, path, interaction in ROUTES],
    strict_slashes=False,
    merge_slashes=False,
)
"""The same routes for the entries of a Bundle."""
_HEADERS: dict[Category, dict[str, str]] = {
    Category.BUSY: {"Retry-After": "5"},
    Category.UNAVAILABLE: {"Retry-After": "5"},
    Category.NOT_ALLOWED: {"Allow": "GET, HEAD"},
}
"""What a refusal says beside its body; a type that cannot be written can be read all the same."""


def door(desk: Desk, callers: Callers, now: Callable[[], datetime]) -> flask.Blueprint:
    """The blueprint to mount at [base]'s path."""
    blueprint = flask.Blueprint("fhir", __name__)
    for method, path, interaction in ROUTES:
        blueprint.add_url_rule(
            path,
            endpoint=f"{method} {path}",
            view_func=_view(desk, interaction, callers, now),
            methods=[method],
            strict_slashes=False,
            merge_slashes=False,  # the redirect would be made from the Host header, which anybody may forge
        )
    blueprint.register_error_handler(Fault, refusal)
    blueprint.app_errorhandler(MethodNotAllowed)(_not_offered)
    return blueprint


def _view(
    desk: Desk, interaction: Callable[..., Response], callers: Callers, now: Callable[[], datetime]
) -> Callable[..., flask.Response]:
    limit = desk.max_bundle if interaction is bundle else desk.max_resource

    def view(**place: Any) -> flask.Response:
        at, incoming = now(), _incoming()
        shown = incoming.headers.get("Authorization", "")
        caller = EVERYBODY if interaction in OPEN else callers(shown, at)
        with _witness(desk, incoming, caller, at) as witness:
            own = desk.of(caller, witness)
            with watching(witness, interaction, place) as account:
                _demand(own, interaction, place)
                native = place.get("type_") == binary.TYPE and interaction in _NATIVE
                format_ = Format() if native else _wanted(incoming)
                if not native:
                    _demand_readable(incoming)
                request = _request(incoming, limit, at, caller)
                if interaction in SEARCHES and request.method == "POST":
                    format_ = wanted_in(request.body.decode("ascii", "replace"), format_)
                account.asks(request)
                more = {"ask": _asking(own, witness)} if interaction is bundle else {}
                catch_up(own, interaction, request)
                response = account.answered(interaction(own, request, **place, **more))
        return _flask(*binary.told(response, request)) if native else _flask(response, format_)

    return view


def _witness(desk: Desk, incoming: flask.Request, caller: Caller, at: datetime) -> Witness:
    """Who asks, from where, and by which id the answer will be known."""
    asked = flask.g.get("asked")
    name, address = caller.name, incoming.remote_addr or ""
    return Witness(desk.trail, at, name, caller.client, address, "" if asked is None else asked.id)


def _incoming() -> flask.Request:
    """The request itself: behind its proxy it is searched for anew with each look at it."""
    request: flask.Request = flask.request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    return request


def _asking(desk: Desk, witness: Witness) -> Ask:
    routes = _MAP.bind("")

    def ask(request: Request) -> Response:
        try:
            interaction, place = routes.match(request.path, request.method)
        except MethodNotAllowed as error:
            raise _unoffered(error) from error
        except HTTPException as error:
            raise fault(Category.NOT_FOUND, "not-found", "there is nothing at this address") from error
        with watching(witness, interaction, place) as account:
            _demand(desk, interaction, place)
            account.asks(request)
            catch_up(desk, interaction, request)
            return account.answered(interaction(desk, request, **place))

    return ask


def _demand(desk: Desk, interaction: Callable[..., Response], place: Mapping[str, Any]) -> None:
    """Raises Fault(FORBIDDEN) when the caller may do this with no resource of the type."""
    deed = None if interaction in OPEN else DEEDS[interaction]
    if deed is not None:
        desk.rights.demand(TYPES.get(interaction) or place["type_"], deed)


def refusal(failure: Fault) -> flask.Response:
    """The answer to a Fault."""
    status, body = outcome.of(failure)
    try:
        format_ = _wanted(flask.request)
    except Fault:
        format_ = Format()  # whoever cannot be given what they want is told so in JSON
    return _flask(Response(status, dump(body), _said_beside(failure)), format_)


def _said_beside(failure: Fault) -> dict[str, str]:
    if failure.category is Category.UNAUTHENTICATED:
        shown = "" if failure.issues[0].code == "login" else ', error="invalid_token"'
        return {"WWW-Authenticate": f'Bearer realm="Second Reader"{shown}'}  # RFC 6750 section 3
    return _HEADERS.get(failure.category, {})


def _not_offered(error: MethodNotAllowed) -> flask.Response:
    """A method that no route of this address has; RFC 9110 section 15.5.6 asks to name those that it has."""
    answer = refusal(_unoffered(error))
    answer.headers["Allow"] = _methods(error)
    return answer


def _unoffered(error: MethodNotAllowed) -> Fault:
    text = f"this interaction is not offered here; offered: {_methods(error)}"
    return fault(Category.NOT_ALLOWED, "not-supported", text)


def _methods(error: MethodNotAllowed) -> str:
    return ", ".join(sorted(error.valid_methods or ()))


def _demand_readable(incoming: flask.Request) -> None:
    told = incoming.content_length or incoming.headers.get("Transfer-Encoding")
    if incoming.method in _WITH_BODY and (told or "/$" not in incoming.path):
        demand_readable(
            incoming.headers.get("Content-Type", ""),
            form=incoming.path.endswith("/_search"),
            patch=incoming.method == "PATCH",
        )


def _wanted(incoming: flask.Request) -> Format:
    asked = incoming.args
    return wanted(asked.get("_format", ""), incoming.headers.get("Accept", ""), asked.get("_pretty", ""))


def _request(incoming: flask.Request, limit: int, at: datetime, caller: Caller) -> Request:
    body = b""
    if incoming.method in _WITH_BODY:
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
        headers=dict(_headers(incoming.environ)),
        body=body,
        at=at,
        caller=caller,
    )


def _headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names in lower case, as PEP 3333 has them in the environment."""
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").lower(), value
    if content_type := environ.get("CONTENT_TYPE"):
        yield "content-type", content_type


class _Answer(flask.Response):
    """The headers of most answers are whole as they are; going through them takes longer than making them."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        return self.headers if self.status_code in (200, 201) else super().get_wsgi_headers(environ)


def _flask(response: Response, format_: Format) -> flask.Response:
    body, format_ = written(response, format_)
    headers = dict(response.headers)
    if body:
        headers["Content-Type"] = response.content_type or format_.content_type
    return _Answer(body, status=response.status, headers=headers)
