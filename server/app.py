"""The Flask application: the FHIR door at /fhir, and beside it health, metrics and cases."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import flask
from structlog.typing import FilteringBoundLogger
from werkzeug.exceptions import HTTPException

from server import __version__, clock, metrics
from server.access.endpoints import endpoints
from server.case import State
from server.console.pages import pages
from server.counting import read
from server.dicom.receive import counts as dicom
from server.dicom.web import door as dicomweb
from server.drifting import DriftWatch, alarms_of, drift_watch
from server.errors import Category, Fault, fault
from server.fhir.bindings import KEPT
from server.fhir.door import door, refusal
from server.gatekeeping import gatekeepers
from server.hl7v2.listen import counts as mllp
from server.image_desk import images_desk
from server.log import logger
from server.standing_orders import of_policies
from server.store.migrate import demand_current
from server.store.owing import Assessments
from server.wiring import Entrance, House, desk, entrance


def create_app(house: House, now: Callable[[], datetime] = clock.now) -> flask.Flask:
    """One application for one open house."""
    app = flask.Flask("second-reader", static_folder=None)
    entry = entrance(house)
    app.register_blueprint(door(desk(house, now), entry.caller, now), url_prefix="/fhir")
    if entry.exchange is not None:
        told = endpoints(entry.exchange, house.settings.fhir_base, KEPT, now)
        app.register_blueprint(told, url_prefix="/fhir")
    app.register_blueprint(dicomweb.door(images_desk(house, now), entry.caller, now), url_prefix="/dicom-web")
    app.register_blueprint(pages(house.ledger, house.inbox))
    drift = drift_watch(house, now)
    app.add_url_rule("/health", "health", view_func=lambda: _health(house, drift, now))
    app.add_url_rule("/metrics", "metrics", view_func=lambda: _metrics(house, drift, now))
    app.before_request(_begin)
    app.before_request(lambda: _demand_operator(entry, now))
    app.after_request(partial(_end, logger()))
    app.register_error_handler(Fault, refusal)
    app.register_error_handler(HTTPException, _nothing_here)
    app.register_error_handler(Exception, _broken)
    return app


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known of a request before anything else is."""

    id: str
    began: float


def _begin() -> None:
    flask.g.asked = _Asked(str(uuid.uuid4()), time.perf_counter())


def _demand_operator(entry: Entrance, now: Callable[[], datetime]) -> None:
    """Cases and metrics are of all patients: they are for whoever runs this server."""
    if flask.request.blueprint == "cases" or flask.request.endpoint == "metrics":
        caller = entry.caller(flask.request.headers.get("Authorization", ""), now())
        if "operator" not in caller.roles:
            raise fault(Category.FORBIDDEN, "forbidden", "this is for clients with the role operator")


def _end(log: FilteringBoundLogger, response: flask.Response) -> flask.Response:
    asked: _Asked = flask.g.asked
    response.headers["X-Request-Id"] = asked.id
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    # The route, not the URL: a URL may hold identifiers of patients.
    route = rule.rule if (rule := flask.request.url_rule) else "(none)"
    log.info(
        "request",
        method=flask.request.method,
        route=route,
        status=response.status_code,
        milliseconds=round((time.perf_counter() - asked.began) * 1000, 1),
        request=asked.id,
    )
    return response


def _health(house: House, drift: DriftWatch, now: Callable[[], datetime]) -> flask.Response:
    demand_current(house.database)
    body: dict[str, Any] = {
        "status": "ok",
        "version": __version__,
        "database": house.database.product,
        "questions": sorted(house.cards),
        "parkedDeliveries": house.deliveries.counts().get("parked", 0),
        **_owed(house, now()),
        "driftAlarms": sum(count for _, count in alarms_of(drift)),
    }
    body |= of_policies(house, clock.now())
    if house.polled:
        rows = house.partners.listed(tuple(house.polled))
        body["failingPartners"] = sum(each.failures > 0 for each in rows)
    return flask.jsonify(body)


def _owed(house: House, at: datetime) -> dict[str, int]:
    """What people owe once results are released, and to patients who have asked for an assessment."""
    stand = house.ledger.owed()
    waiting, late = Assessments(house.database).counts(at)
    return {
        "resultsToRead": stand.get(State.SENT, 0),
        "unreadResults": stand.get(State.UNREAD, 0),
        "contestedResults": stand.get(State.CONTESTED, 0),
        "openAssessments": waiting,
        "lateAssessments": late,
    }


def _metrics(house: House, drift: DriftWatch, now: Callable[[], datetime]) -> flask.Response:
    polled = house.partners.listed(tuple(house.polled))
    data = house.settings.data
    doors = metrics.Doors(read(data, dicom.FILE), read(data, mllp.FILE))
    switched = {question: house.rulings.switches.on(question) is not None for question in house.policies}
    text = metrics.exposition(
        house.ledger,
        house.deliveries,
        house.inbox,
        polled,
        doors,
        doubled=switched,
        gatekeepers=list(gatekeepers(house, now())),
        assessments=Assessments(house.database).counts(now()),
        drifting=dict(alarms_of(drift)),
    )
    return flask.Response(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def _nothing_here(error: HTTPException) -> flask.Response:
    category = Category.NOT_ALLOWED if error.code == 405 else Category.NOT_FOUND
    return refusal(fault(category, "not-found", "there is nothing here; see /fhir/metadata, /cases, /health"))


def _broken(error: Exception) -> flask.Response:
    """The one broad handler of this process: it logs, answers, and shows nothing of the error."""
    asked: _Asked | None = flask.g.get("asked")
    logger().exception("request failed unexpectedly", request=asked and asked.id, error=type(error).__name__)
    return refusal(
        fault(Category.BROKEN, "exception", "an error of ours; it has been logged under X-Request-Id")
    )
