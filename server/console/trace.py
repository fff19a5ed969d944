"""A case's whole history as people may see it: who, what, when, under which policy and model version.

Until the case is resolved, events that would tell what the AI said are shown without their
content, and states that would tell it show as ``compared``: the specialist reads blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from server.case import Event, First, Position, State, accountable, public_state
from server.ports import CaseRow, History
from server.times import instant

_SEAL_LIFTED_BY = frozenset({str(Event.RESOLVED)})
_SEALED_TEXT = "sealed until the case is resolved"


def unsealed(history: Sequence[History]) -> bool:
    """Whether the reads of this case may be seen."""
    return any(each.event in _SEAL_LIFTED_BY for each in history)


def trace(
    case: CaseRow,
    history: Sequence[History],
    deliveries: Sequence[Any],
    chain_broken_at: int | None,
    *,
    asked_again: bool = False,
) -> dict[str, Any]:
    """The case as JSON values. Deliveries are given as store rows.

    ``asked_again``: the same is asked anew, and whoever reads for it shall not find the answer here.
    """
    open_ = unsealed(history) and not asked_again
    state = case.position.state if open_ else public_state(case.position.state)
    return {
        "case": case.id,
        "question": case.question,
        "task": f"Task/{case.task_id}",
        "state": state,
        "accountable": _accountable(case.position, open_=open_),
        # Whether humans are to read is not settled before it is written up.
        "firstRead": First.AWAITED if case.position.state is State.RULED_OUT else case.position.first,
        "aiRead": case.position.ai if open_ else _seal(case),
        "opened": _time(case.opened_at),
        "nextLook": _time(case.due_at),
        "lastError": case.last_error,
        "chain": "whole" if chain_broken_at is None else f"broken at event {chain_broken_at}",
        "history": _events(history, open_=open_, over=asked_again),
        "deliveries": [_delivery(each) for each in deliveries],
    }


def summary(case: CaseRow) -> dict[str, Any]:
    """One line of a list of cases; says nothing that could be under seal."""
    state = public_state(case.position.state)
    return {
        "case": case.id,
        "question": case.question,
        "task": f"Task/{case.task_id}",
        "state": state,
        "accountable": _accountable(case.position, open_=False),
        "opened": _time(case.opened_at),
        "nextLook": _time(case.due_at),
    }


def _events(history: Sequence[History], *, open_: bool, over: bool) -> list[dict[str, Any]]:
    """Under seal, neighbouring sealed events show as one without number or digest: how many there
    are would tell an audit from a disagreement.

    ``over``: what came after the resolution, of a case whose question is open again, is sealed too: how it
    ended, and what people said of that.
    """
    shown: list[dict[str, Any]] = []
    resolved = False
    for each in history:
        resolved = resolved or (over and each.event in _SEAL_LIFTED_BY)
        hidden = resolved or (each.sealed and not open_)
        if not (hidden and shown and shown[-1]["event"] == _SEALED_TEXT):
            shown.append(_event(each, hidden=hidden, open_=open_))
    return shown


def _event(each: History, *, hidden: bool, open_: bool) -> dict[str, Any]:
    event = {
        "at": _time(each.at),
        "event": _SEALED_TEXT if hidden else each.event,
        "state": each.state if open_ else public_state(State(each.state)),
        "actor": each.actor,
        "detail": {} if hidden else _shown(each.detail, open_=open_),
        "policy": each.policy,
        "card": each.card,
    }
    return {**event, "number": each.seq, "digest": each.digest} if open_ else event


def _shown(detail: Mapping[str, Any], *, open_: bool) -> dict[str, Any]:
    """Under seal without digests: an answer is one of a few codes, and a digest lets one test a guess."""
    return {name: part for name, part in detail.items() if open_ or name != "digest"}


def _delivery(row: Any) -> dict[str, Any]:
    return {
        "document": row.document_id,
        "kind": row.kind,
        "destination": row.destination,
        "state": row.state,
        "attempts": row.attempts,
        "nextAttempt": _time(row.due_at),
        "givesUp": _time(row.give_up_at),
        "delivered": _time(row.delivered_at),
        "last": row.last_outcome,
    }


def _accountable(position: Position, *, open_: bool) -> str:
    return accountable(position if open_ else replace(position, state=public_state(position.state)))


def _seal(case: CaseRow) -> str:
    return "awaited" if case.position.ai == "awaited" else "sealed"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)
