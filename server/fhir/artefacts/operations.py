"""The operations of our own, as OperationDefinitions."""

from __future__ import annotations

from collections.abc import Iterator

from server.fhir.artefacts.heading import heading
from server.fhir.terms import SR
from server.ports import Resource

WITHDRAW = f"{SR}/OperationDefinition/withdraw"
COMPLETE_STUDY = f"{SR}/OperationDefinition/complete-study"
KEEP = f"{SR}/OperationDefinition/keep"


def operation_definitions() -> Iterator[Resource]:
    """``$keep``, ``$withdraw`` and ``$complete-study``: see ``server.fhir.operations``."""
    yield {
        **heading("OperationDefinition", "complete-study", "Say that a study is complete"),
        "kind": "operation",
        "affectsState": True,
        "description": (
            "On the Task that asked a question about images: the study is complete with the objects that are "
            "here now, and is read. Whatever comes later is waited for again."
        ),
        "code": "complete-study",
        "resource": ["Task"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            _parameter("reason", "in", 1, "string", "How it is known; stands in the history."),
            _parameter(
                "by", "in", 0, "string", "The person who says so; the client is recorded in any case."
            ),
            _parameter("objects", "out", 1, "integer", "How many objects the study has."),
        ],
    }
    yield _keep()
    yield {
        **heading("OperationDefinition", "withdraw", "Withdraw an AI opinion, or a model version"),
        "kind": "operation",
        "affectsState": True,
        "description": (
            "On an AI opinion (DiagnosticReport): it and its Observation become entered-in-error, here and "
            "wherever they were sent. On a model version (Device): all its opinions; it is not asked again."
        ),
        "code": "withdraw",
        "resource": ["DiagnosticReport", "Device"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            _parameter("reason", "in", 1, "string", "Why; whoever received an opinion reads it."),
            _parameter(
                "by", "in", 0, "string", "The person who decided; the client is recorded in any case."
            ),
            _parameter("opinions", "out", 1, "integer", "How many opinions are being taken back."),
        ],
    }


def _keep() -> Resource:
    return {
        **heading("OperationDefinition", "keep", "Keep the first report against the specialist's answer"),
        "kind": "operation",
        "affectsState": True,
        "description": (
            "On the Task that asked for a second read, once its case has ended with a specialist's answer "
            "that is not the first report's: the physician in charge keeps that. Report and Task say so."
        ),
        "code": "keep",
        "resource": ["Task"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            _parameter("reason", "in", 1, "string", "Why; stands in the report."),
            _parameter(
                "by", "in", 0, "string", "The physician in charge; the client is recorded in any case."
            ),
            _parameter("keptBy", "out", 1, "string", "Who is on record as having decided."),
        ],
    }


def _parameter(name: str, use: str, least: int, type_: str, documentation: str) -> Resource:
    return {"name": name, "use": use, "min": least, "max": "1", "documentation": documentation, "type": type_}
