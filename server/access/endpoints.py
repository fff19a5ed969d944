"""The two addresses of access control on Flask: the token endpoint, and what tells where it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import flask

from server.access.exchange import Exchange
from server.access.refusals import Error, Refused
from server.access.throttle import Throttle
from server.access.wellknown import TOKEN_PATH, WELL_KNOWN, configuration

_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 64 * 1024


def endpoints(
    exchange: Exchange, base: str, types: Sequence[str], now: Callable[[], datetime]
) -> flask.Blueprint:
    """The blueprint to mount at [base]'s path."""
    blueprint, throttle = flask.Blueprint("access", __name__), Throttle()
    told = configuration(base, types)
    blueprint.add_url_rule(WELL_KNOWN, "smart", lambda: _json(told), methods=["GET"])
    blueprint.add_url_rule(TOKEN_PATH, "token", lambda: _token(exchange, throttle, now()), methods=["POST"])
    return blueprint


def _token(exchange: Exchange, throttle: Throttle, at: datetime) -> flask.Response:
    try:
        return _json(exchange.answer(_form(), at))
    except Refused as refused:
        if throttle.refused(flask.request.remote_addr or "", at):
            text = "too many refusals; wait a minute"
            body = {"error": "temporarily_unavailable", "error_description": text}
            return _json(body, 429, **{"Retry-After": "60"})
        return _json({"error": refused.error.value, "error_description": refused.description}, 400)


def _form() -> list[tuple[str, str]]:
    if flask.request.mimetype != _FORM:
        raise Refused(Error.REQUEST, f"Content-Type: accepted is {_FORM}")
    if (flask.request.content_length or 0) > _MOST_BYTES:
        raise Refused(Error.REQUEST, f"at most {_MOST_BYTES} bytes are accepted")
    raw = flask.request.environ["wsgi.input"].read(_MOST_BYTES + 1)
    try:
        return parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=20)
    except ValueError as error:
        raise Refused(Error.REQUEST, "the body is a form of name=value pairs") from error


def _json(body: dict[str, Any], status: int = 200, **headers: str) -> flask.Response:
    """Tokens are kept by nobody on the way (RFC 6749 section 5.1)."""
    response = flask.jsonify(body)
    response.status_code = status
    response.headers.update({"Cache-Control": "no-store", "Pragma": "no-cache", **headers})
    return response
