"""Whose a Subscription is: a tag that this server sets, so that one client finds and reads its own only.

A Subscription may hold what lets its owner's system in (channel.header); nobody else is shown it.
"""

from __future__ import annotations

from server.fhir.terms import SR
from server.ports import Resource
from server.query import Token

TYPE = "Subscription"
_CLIENT = f"{SR}/client"
"""System of the tag; its codes are client_ids."""


def owned_by(client: str) -> Token:
    """What a Subscription meets that is this client's."""
    return Token("_tag", ((_CLIENT, client),))


def with_owner(resource: Resource, client: str) -> Resource:
    """The tag that says whose it is, and no other of the kind; none where nobody is told apart."""
    meta = resource.get("meta", {})
    tags = [each for each in meta.get("tag", []) if each.get("system") != _CLIENT]
    if client:
        tags.append({"system": _CLIENT, "code": client})
    rest = {name: part for name, part in meta.items() if name != "tag"}
    return {**resource, "meta": {**rest, **({"tag": tags} if tags else {})}}
