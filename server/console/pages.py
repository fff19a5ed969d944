"""GET /cases, /cases/ID and /messages: JSON for programs, a plain page for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import flask
from jinja2 import Environment, FileSystemLoader, select_autoescape

from server.console.messages import told
from server.console.trace import summary, trace
from server.errors import Category, fault
from server.messages import Message, Standing
from server.ports import CaseRow

_LISTED = 200
_CSP = "default-src 'none'; style-src 'self'; frame-ancestors 'none'"


class Cases(Protocol):
    """What the pages read."""

    def view(self, case_id: str) -> Any:
        """The case with history and deliveries, or None."""
        ...

    def recent(self, limit: int) -> list[CaseRow]:
        """The latest cases."""
        ...


class Messages(Protocol):
    """What the page of messages reads."""

    def listed(self, standings: Sequence[Standing], limit: int) -> list[Message]:
        """The latest messages; of all standings when none are named."""
        ...


def pages(cases: Cases, messages: Messages) -> flask.Blueprint:
    """The blueprint of the case pages."""
    blueprint = flask.Blueprint("cases", __name__)
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(["html"])
    )

    def show(template: str, body: Any) -> flask.Response:
        if flask.request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
            page = templates.get_template(template).render(body=body)
            return flask.Response(
                page, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _CSP}
            )
        return flask.jsonify(body)

    @blueprint.get("/console.css")
    def style() -> flask.Response:
        return flask.Response(
            templates.get_template("console.css").render(), content_type="text/css; charset=utf-8"
        )

    @blueprint.get("/cases")
    def listing() -> flask.Response:
        return show("cases.html", {"cases": [summary(each) for each in cases.recent(_LISTED)]})

    @blueprint.get("/messages")
    def heard() -> flask.Response:
        asked = [each for each in Standing if each.value in flask.request.args.getlist("standing")]
        return show("messages.html", {"messages": [told(each) for each in messages.listed(asked, _LISTED)]})

    @blueprint.get("/cases/<case_id>")
    def one(case_id: str) -> flask.Response:
        view = cases.view(case_id)
        if view is None:
            raise fault(Category.NOT_FOUND, "not-found", "there is no such case; GET /cases lists the latest")
        history = trace(
            view.case, view.history, view.deliveries, view.chain_broken_at, asked_again=view.asked_again
        )
        return show("case.html", history)

    return blueprint
