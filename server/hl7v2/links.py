"""The links file: who sends HL7 v2 messages, from where, and what they mean.

It is read again when it has changed, so that nobody must stop the server.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection
from itertools import combinations
from pathlib import Path

from marshmallow import fields, validate

from server.errors import Category, fault
from server.hl7v2.link import Link, Links, Named, Network
from server.hl7v2.link_table import LinkTable, Table
from server.reread import Reread
from server.toml import checked

HERE = tuple(ipaddress.ip_network(each) for each in ("127.0.0.0/8", "::1/128"))
ANYBODY = Link("anybody", Named(), HERE)
"""Without a file: whoever is on this machine."""


class _File(Table):
    link = fields.List(
        fields.Nested(LinkTable),
        required=True,
        validate=validate.Length(min=1, error="allowed: one [[link]] table or more"),
        error_messages={"invalid": "allowed: one [[link]] table for each system"},
    )


def load_links(path: Path | None) -> Links:
    """By name; without a file whoever is on this machine is ``anybody``.

    Raises:
        Fault: INCORRECT, naming file, key and what is allowed.
    """
    if path is None:
        return {ANYBODY.name: ANYBODY}
    listed: list[Link] = checked(path, _File)["link"]
    found = {each.name: each for each in listed}
    if len(found) < len(listed):
        raise fault(Category.INCORRECT, "duplicate", f"{path}: each name stands in one [[link]]")
    if any(_alike(one, other) for one, other in combinations(listed, 2)):
        text = "two links with one sender need addresses or certificates that tell them apart"
        raise fault(Category.INCORRECT, "duplicate", f"{path}: {text}")
    return found


def demand_known(path: Path | None, questions: Collection[str], receivers: Collection[str]) -> None:
    """Whoever is asked, and whoever is told, must be there.

    Raises:
        Fault: INCORRECT, naming file, link, key and what is allowed.
    """
    for link in load_links(path).values():
        for key, named, known in (
            ("asks.question", {each.question for each in link.asks}, questions),
            ("answers_to", {link.answers_to} - {""}, receivers),
        ):
            if path is not None and named - set(known):
                allowed = ", ".join(sorted(known)) or "none: there is no [[hl7v2]] table"
                text = f"{path}: link {link.name}: {key}: allowed: {allowed}"
                raise fault(Category.INCORRECT, "value", text)


def _alike(one: Link, other: Link) -> bool:
    """A message could be of either."""
    shown = not one.certificates or not other.certificates or bool(one.certificates & other.certificates)
    at = any(_overlap(a, b) for a in one.addresses for b in other.addresses)
    return one.sender == other.sender and shown and at


def _overlap(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.overlaps(other)
    both = isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network)
    return both and one.overlaps(other)


def links_file(
    path: Path | None,
    questions: Collection[str],
    receivers: Collection[str],
    trouble: Callable[[str], None],
) -> Reread[Links]:
    """The file as it is now. Raises Fault(INCORRECT) for one that is wrong from the beginning."""

    def load(file: Path | None) -> Links:
        demand_known(file, questions, receivers)
        return load_links(file)

    return Reread(path, load, trouble)
