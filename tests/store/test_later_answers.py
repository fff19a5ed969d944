"""Application acknowledgements: promised with their message, sent until somebody has taken them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from server.messages import Later, Turned
from server.store.database import Database
from server.store.inbox import MessageStore
from server.store.later_answers import LaterAnswers
from server.store.vault import Vault
from tests.store.test_inbox import NOW, SECOND, heard

LATER = Later("a-1", "ris", b"MSH|ack")


@pytest.fixture
def inbox(database: Database, tmp_path: Path) -> MessageStore:
    return MessageStore(database, Vault(tmp_path), timedelta(seconds=60))


@pytest.fixture
def answers(database: Database) -> LaterAnswers:
    return LaterAnswers(database, timedelta(seconds=60))


def test_one_is_due_with_its_message_and_gone_once_it_is_taken(
    inbox: MessageStore, answers: LaterAnswers
) -> None:
    inbox.keep(heard(later=LATER))
    claim = answers.claim(NOW)
    assert claim is not None
    assert (claim.later, claim.attempt) == (LATER, 1)
    assert answers.claim(NOW) is None, "somebody is sending it"
    answers.done(claim)
    assert answers.claim(NOW + timedelta(hours=1)) is None


def test_a_repeat_promises_nothing_more(inbox: MessageStore, answers: LaterAnswers) -> None:
    inbox.keep(heard(later=LATER))
    inbox.keep(heard(later=Later("a-2", "ris", b"another")))
    first = answers.claim(NOW)
    assert first is not None
    assert answers.claim(NOW) is None


def test_of_what_is_refused_too(inbox: MessageStore, answers: LaterAnswers) -> None:
    inbox.turn_away(Turned("ris", NOW, b"MSH", b"", "why", LATER))
    claim = answers.claim(NOW)
    assert claim is not None
    assert claim.later == LATER


def test_it_is_sent_again_when_it_is_due(inbox: MessageStore, answers: LaterAnswers) -> None:
    inbox.keep(heard(later=LATER))
    claim = answers.claim(NOW)
    assert claim is not None
    answers.again(claim, NOW + 5 * SECOND)
    assert answers.claim(NOW + SECOND) is None
    again = answers.claim(NOW + 5 * SECOND)
    assert again is not None
    assert again.attempt == 2


def test_whose_lease_is_over_does_nothing_to_it(inbox: MessageStore, answers: LaterAnswers) -> None:
    inbox.keep(heard(later=LATER))
    late = answers.claim(NOW)
    assert late is not None
    another = answers.claim(NOW + 61 * SECOND)
    assert another is not None
    answers.done(late)
    answers.again(another, NOW + 62 * SECOND)
    assert answers.claim(NOW + 62 * SECOND) is not None
