"""What comes through the HL7 v2 door: judged, kept durably, then answered."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from structlog.typing import FilteringBoundLogger

from server.configuration import load_configuration
from server.destinations import load_receivers
from server.hl7v2 import batch
from server.hl7v2 import links as linked
from server.hl7v2.judge import Arrived, Judgement, Refused, Silent, Taken, judge, too_long, too_many, torn
from server.hl7v2.link import Link, Links
from server.log import logger
from server.messages import Inbox
from server.reread import Reread
from server.settings import Settings
from server.store.database import Database, prepare_folder
from server.store.inbox import MessageStore
from server.store.migrate import demand_current
from server.store.vault import Vault


@dataclass(frozen=True, slots=True)
class MessageHearing:
    """``server.messages.Hearing`` over the store of messages."""

    inbox: Inbox
    links: Callable[[], Links]
    log: FilteringBoundLogger

    def hear(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        parts = batch.messages(payload)
        if not parts:
            return self._done(judge(_arrived(payload, received_at), self._candidates(links)))
        return self._batch(parts, self._candidates(links), received_at)

    def torn(self, payload: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        return self._done(torn(_arrived(payload, received_at), self._candidates(links)))

    def too_long(self, begin: bytes, links: tuple[str, ...], received_at: datetime) -> bytes | None:
        return self._done(too_long(_arrived(begin, received_at), self._candidates(links)))

    def _batch(self, parts: tuple[bytes, ...], links: list[Link], at: datetime) -> bytes | None:
        """Each is judged, kept and answered for itself; the answers are one batch."""
        if len(parts) > batch.MOST:
            return self._done(too_many(_arrived(parts[0], at), links))
        judged = (judge(replace(_arrived(each, at), batched=True), links) for each in parts)
        answers = [answer for answer in map(self._done, judged) if answer]
        return batch.answer(answers, _arrived(b"", at).stamp) if answers else None

    def _candidates(self, names: tuple[str, ...]) -> list[Link]:
        """Without those that were taken out of the file since the connection began."""
        now = self.links()
        return [now[each] for each in names if each in now]

    def _done(self, judgement: Judgement) -> bytes | None:
        match judgement:
            case Taken():
                return self._keep(judgement)
            case Refused():
                return self._turn_away(judgement)
            case Silent(why):
                self.log.info("message not answered", why=why)
                return None

    def _keep(self, taken: Taken) -> bytes | None:
        heard = taken.heard
        kept = self.inbox.keep(heard, again=taken.again)
        self.log.info(
            "message kept" if not kept.repeated else "message repeated",
            message=heard.id,
            link=heard.link,
            kind=heard.kind,
            reused=kept.reused,
            notes=heard.notes,
        )
        return kept.answer or None

    def _turn_away(self, refused: Refused) -> bytes | None:
        turned = refused.turned
        say = self.log.error if refused.stranger else self.log.warning
        say(
            "message refused",
            link=turned.link,
            reason=turned.reason,
            size=len(turned.raw),
            security=refused.stranger,
        )
        self.inbox.turn_away(turned)
        return refused.answer


def _arrived(payload: bytes, at: datetime) -> Arrived:
    return Arrived(payload, at, str(uuid.uuid4()))


def opened(settings: Settings) -> MessageHearing:
    """Over a store that this process opens.

    Raises:
        Fault: the database is not there, or not at the schema of this version; the links file is wrong.
    """
    prepare_folder(settings.data)
    database = Database(settings.database)
    demand_current(database)
    inbox = MessageStore(database, Vault(settings.data), settings.lease)
    return MessageHearing(inbox, links_file(settings).current, logger())


def links_file(settings: Settings) -> Reread[Links]:
    """Raises Fault(INCORRECT) when it is wrong."""

    def trouble(text: str) -> None:
        logger().error("the changed links file is not used; the one before stays", error=text)

    if settings.mllp_links is None:
        return linked.links_file(None, (), (), trouble)
    questions = load_configuration(settings)[0]
    receivers = [each.name for each in load_receivers(settings.destinations)]
    return linked.links_file(settings.mllp_links, questions, receivers, trouble)
