"""What gatekeepers have done: counted whole for the gate, and of released cases for everybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update

from server.case import Ai
from server.model import (
    Answer,
    Comparison,
    Gated,
    GateKey,
    Passage,
    Passed,
    ReadAfterAll,
    ResourceKey,
    Result,
    SpecialistRead,
    Verdict,
)
from server.ports import Fact
from server.store import gates, results
from server.store.caserow import find
from server.store.database import Database
from server.store.gates import GateStore
from server.store.tables import cases
from tests.store.nouns import AT, open_case

P, A = Answer.PRESENT, Answer.ABSENT
QUESTION, CARD = "bacterial-meningitis", "abm@1.0.0"
SINCE = AT - timedelta(days=7)
KEY = GateKey(QUESTION, CARD, 0.05, "routine")
OUT, DRAWN = Gated(Passage.RULED_OUT, True, KEY, 1), Gated(Passage.DRAWN, True, KEY, 1)
ABOVE = Gated(Passage.NOT_BELOW, False, KEY, 1)
CALM = Result(CARD, Verdict.CONCORDANT, "P1", A, A, 0.01, None, "routine", None)
AMENDED, OVER_CALLED = replace(CALM, final=P), replace(CALM, first=P, final=A)
BARRED = replace(AMENDED, verdict=Verdict.NOT_ASKED, model=None, probability=None)
AFTER_ALL = ReadAfterAll(ResourceKey("DiagnosticReport", "1", 1), P)


def keep(database: Database, number: int, ai: Ai, *facts: Any) -> None:
    case = f"c{number}"
    open_case(database, case)

    def work(connection: Connection) -> None:
        row = find(connection, case)
        assert row is not None
        said = [each for each in facts if isinstance(each, Result)]
        reads = [(each.first, each.final) for each in said]
        compared = [Comparison(Verdict.CONCORDANT, "", "", first) for first, _ in reads]
        signed = [SpecialistRead(AFTER_ALL.report, "", AT, "", final, ()) for _, final in reads]
        laid = [Fact(type(each).__name__, 1, each) for each in (*facts, *compared, *signed)]
        gates.keep(connection, row, laid, AT)
        results.keep(connection, row, laid, AT)
        connection.execute(update(cases).where(cases.c.id == case).values(ai=ai.value))

    database.write(work)


@pytest.mark.parametrize(
    ("ai", "facts", "counted", "told"),
    [
        # judged, ruled out, read below, of those found
        (Ai.SEALED, (DRAWN,), (1, 0, 0, 0), (1, 0, 0, 0)),
        (Ai.SEALED, (OUT,), (1, 1, 0, 0), (1, 0, 0, 0)),
        (Ai.RELEASED, (OUT,), (1, 1, 0, 0), (1, 1, 0, 0)),
        (Ai.WITHDRAWN, (OUT,), (1, 1, 0, 0), (1, 1, 0, 0)),
        (Ai.RELEASED, (OUT, AFTER_ALL), (1, 1, 1, 1), (1, 1, 1, 1)),
        (Ai.RELEASED, (OUT, replace(AFTER_ALL, answer=A)), (1, 1, 0, 0), (1, 1, 0, 0)),
        (Ai.SEALED, (DRAWN, CALM), (1, 0, 1, 0), (1, 0, 0, 0)),
        (Ai.RELEASED, (DRAWN, CALM), (1, 0, 1, 0), (1, 0, 1, 0)),
        (Ai.RELEASED, (DRAWN, AMENDED), (1, 0, 1, 1), (1, 0, 1, 1)),
        (Ai.RELEASED, (DRAWN, OVER_CALLED), (1, 0, 1, 1), (1, 0, 1, 1)),
        (Ai.RELEASED, (ABOVE, AMENDED), (1, 0, 0, 0), (1, 0, 0, 0)),
        # A human has read what the model's barred, or voided, read lay below: proof, and no news.
        (Ai.NOT_ASKED, (DRAWN, BARRED), (1, 0, 1, 1), (1, 0, 0, 0)),
        (Ai.RELEASED, (DRAWN, BARRED), (1, 0, 1, 1), (1, 0, 0, 0)),
    ],
)
def test_what_is_counted_and_what_is_told(
    database: Database, ai: Ai, facts: tuple[Any, ...], counted: tuple[int, ...], told: tuple[int, ...]
) -> None:
    keep(database, 1, ai, *facts)
    store = GateStore(database)
    assert store.passed(KEY, SINCE) == Passed(*counted)
    assert store.told(KEY, SINCE) == Passed(*told)
    assert store.ruled_out(QUESTION) == told[1]


def test_another_model_version_question_and_window_do_not_count(database: Database) -> None:
    keep(database, 1, Ai.RELEASED, OUT)
    keep(database, 2, Ai.RELEASED, DRAWN, CALM)
    store = GateStore(database)
    for count in (store.passed, store.told):
        assert count(KEY, SINCE) == Passed(2, 1, 1, 0)
        assert count(replace(KEY, card="abm@1.0.1"), SINCE) == Passed()
        assert count(replace(KEY, question="another"), SINCE) == Passed()
        assert count(KEY, AT + timedelta(seconds=1)) == Passed()
    # Of all model versions: what a replay of a question's own cases lacks.
    assert (store.ruled_out(QUESTION), store.ruled_out("another")) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [
        replace(KEY, rule_out_below=0.1),
        replace(KEY, rule_out_below=0.01),
        replace(KEY, scope="routine,stat"),
        replace(KEY, card="abm@2.0.0"),
        replace(KEY, question="another"),
    ],
)
def test_reads_prove_nothing_of_cases_that_are_judged_otherwise(database: Database, other: GateKey) -> None:
    keep(database, 1, Ai.RELEASED, DRAWN, CALM)
    assert GateStore(database).passed(KEY, SINCE).reread == 1
    assert GateStore(database).passed(other, SINCE) == Passed()


def test_what_a_human_has_found_stays_found(database: Database) -> None:
    keep(database, 1, Ai.SEALED, DRAWN, OVER_CALLED)
    assert GateStore(database).passed(KEY, SINCE) == Passed(1, 0, 1, 1)
    keep(database, 2, Ai.RELEASED, OUT, AFTER_ALL, replace(AFTER_ALL, answer=A))
    assert GateStore(database).passed(KEY, SINCE) == Passed(2, 1, 2, 2)
