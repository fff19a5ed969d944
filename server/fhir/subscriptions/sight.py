"""Whether a subscriber may know of a version: asked when it happens, when it is told, and by $events.

One predicate: read by whoever owns the Subscription, under what they were granted when they made it and under
what they may do now (SMART scopes v2), and under no seal (docs/decisions/0004).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from server.caller import EVERYBODY, Caller, Deed, scopes_of
from server.fhir.access import Rights
from server.fhir.parse import own
from server.fhir.rows.extraction import rows
from server.fhir.veil import under_seal
from server.notices import Occurrence, Subscriber
from server.ports import Seals, Shelf, Stored
from server.query import Row

READING = (Deed.READ,)
Clients = Callable[[str], Caller | None]
"""client_id -> what that system may do at most, now; None when it is not registered."""


def in_sight(rights: Sequence[Rights], type_: str, id_: str, held: Sequence[Row]) -> bool:
    """Whether a version with these rows may be known under all of these rights."""
    return bool(rights) and all(each.unbounded or each.covers(READING, type_, id_, held) for each in rights)


def rights_of(subscriber: Subscriber, clients: Clients, base: str) -> tuple[Rights, ...]:
    """Both that its owner's may do; none at all when the owner is no longer known."""
    now = clients(subscriber.client)
    if now is None:
        return ()
    if now is EVERYBODY:
        return (Rights(now, base),)
    then = Caller(now.client, now.name, scopes_of(subscriber.scopes), now.roles)
    return Rights(now, base), Rights(then, base)


def told(shelf: Shelf, seals: Seals, rights: Sequence[Rights], each: Occurrence) -> Stored | None:
    """The version that an event is about; None when it may not be known (any more)."""
    stored = shelf.read(each.type, each.id, each.version)
    newest = shelf.newest(each.type, each.id)
    if stored is None or newest is None or stored.deleted:
        return None
    standing = [stored] if newest.deleted or newest.version == stored.version else [stored, newest]
    if under_seal(seals, stored):
        return None
    return stored if all(_sees(rights, version) for version in standing) else None


def _sees(rights: Sequence[Rights], stored: Stored) -> bool:
    if rights and all(each.unbounded for each in rights):
        return True
    return in_sight(rights, stored.type, stored.id, rows(own(stored.body)))
