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
    """``$complete-study``, ``$keep`` and ``$withdraw``: see ``server.fhir.operations``."""
    yield _definition(
        "complete-study",
        "Say that a study is complete",
        ["Task"],
        "On the Task that asked a question about images: the study is complete with the objects that are "
        "here now, and is read. Whatever comes later is waited for again.",
        _parameter("reason", "in", 1, "string", "How it is known; stands in the history."),
        _parameter("by", "in", 0, "string", "The person who says so; the client is recorded in any case."),
        _parameter("objects", "out", 1, "integer", "How many objects the study has."),
    )
    yield _definition(
        "keep",
        "Keep the first report against the specialist's answer",
        ["Task"],
        "On the Task that asked for a second read, once its case has ended with a specialist's answer that "
        "is not the first report's: the physician in charge keeps that. Report and Task say so.",
        _parameter("reason", "in", 1, "string", "Why; stands in the report."),
        _parameter("by", "in", 0, "string", "The physician in charge; the client is recorded in any case."),
        _parameter("keptBy", "out", 1, "string", "Who is on record as having decided."),
    )
    yield _definition(
        "withdraw",
        "Withdraw an AI opinion, or a model version",
        ["DiagnosticReport", "Device"],
        "On an AI opinion (DiagnosticReport): it and its Observation become entered-in-error, here and "
        "wherever they were sent. On a model version (Device): all its opinions; it is not asked again.",
        _parameter("reason", "in", 1, "string", "Why; whoever received an opinion reads it."),
        _parameter("by", "in", 0, "string", "The person who decided; the client is recorded in any case."),
        _parameter("opinions", "out", 1, "integer", "How many opinions are being taken back."),
    )


def _definition(code: str, title: str, types: list[str], description: str, *parameters: Resource) -> Resource:
    """On one resource, and it changes something."""
    return {
        **heading("OperationDefinition", code, title),
        "kind": "operation",
        "affectsState": True,
        "description": description,
        "code": code,
        "resource": types,
        "system": False,
        "type": False,
        "instance": True,
        "parameter": list(parameters),
    }


def _parameter(name: str, use: str, least: int, type_: str, documentation: str) -> Resource:
    return {"name": name, "use": use, "min": least, "max": "1", "documentation": documentation, "type": type_}
