"""Who may call whom: called AE titles with rules, and peers, from a TOML file checked by marshmallow."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from server.dicom.rights import ALL, UNSAID, Right
from server.dicom.upper.answer import Rejection
from server.dicom.upper.negotiation import STORAGE_CLASSES
from server.dicom.upper.request import APPLICATION_CONTEXT, Request, ae_title
from server.errors import Category, fault
from server.toml import checked

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_AE = validate.Regexp(
    r"^(?! )[ -\[\]-~]{1,16}(?<! )$", error="allowed: 1 to 16 ASCII characters without backslash (AE)"
)
_CLASS = validate.OneOf(sorted(STORAGE_CLASSES), error="allowed: a storage SOP class that this server takes")
_FINGERPRINT = validate.Regexp(
    r"^([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$",
    error="allowed: the SHA-256 of a certificate (openssl x509 -noout -fingerprint -sha256)",
)
_RIGHTS = validate.OneOf(sorted(Right), error=f"allowed: {', '.join(Right)}")
_SOME = validate.Length(min=1, error="allowed: one or more")


@dataclass(frozen=True, slots=True)
class Called:
    """One of our AE titles, and what may be sent to it."""

    ae: str
    peers: frozenset[str] | None = None
    """Calling AE titles; None: every peer of the file."""
    classes: frozenset[str] = STORAGE_CLASSES
    max_object: int | None = None
    """Bytes; None: what the setting says."""
    may: frozenset[Right] = ALL
    """What may be asked of this title at most, whoever asks."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A system that may call, and from where."""

    ae: str
    addresses: tuple[Network, ...]
    may: frozenset[Right] = UNSAID
    host: str = ""
    """Address at which it takes what others ask to be moved to it; empty: it takes none."""
    port: int = 0
    certificates: frozenset[str] = frozenset()
    """SHA-256 of those of which it must show one; empty: it may show any that the door takes, or none."""

    def at(self, address: str) -> bool:
        found = ipaddress.ip_address(address)
        if found.version == 6 and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in each for each in self.addresses)

    def shows(self, certificate: bytes) -> bool:
        return not self.certificates or sha256(certificate).hexdigest() in self.certificates


@dataclass(frozen=True, slots=True)
class Peers:
    """The file; without one any title may call any title, and only this machine is listened to."""

    called: Mapping[str, Called] | None = None
    peers: Mapping[str, Peer] | None = None
    issuers: Mapping[str, str] = field(default_factory=dict)
    """Issuer of Patient ID (0010,0021) -> the system of the same identifiers in FHIR."""

    def admit(self, request: Request, address: str, shown: bytes = b"") -> Called | Rejection:
        """What the peer may send, or why it may not associate (PS3.8 table 9-21).

        ``shown``: its certificate, DER.
        """
        if not request.version & 1:
            return Rejection.PROTOCOL_VERSION
        if request.application_context != APPLICATION_CONTEXT:
            return Rejection.APPLICATION_CONTEXT
        called, calling = ae_title(request.called), ae_title(request.calling)
        if called is None or (self.called is not None and called not in self.called):
            return Rejection.CALLED_AE
        if calling is None or not self._known(calling, address, shown):
            return Rejection.CALLING_AE
        rules = Called(called) if self.called is None else self.called[called]
        return rules if rules.peers is None or calling in rules.peers else Rejection.CALLING_AE

    def rights(self, rules: Called, calling: str) -> frozenset[Right]:
        """What a peer may do that has been admitted."""
        if self.peers is None:
            return rules.may
        peer = self.peers.get(calling)
        return frozenset() if peer is None else rules.may & peer.may

    def _known(self, calling: str, address: str, shown: bytes) -> bool:
        if self.peers is None:
            return ipaddress.ip_address(address).is_loopback
        peer = self.peers.get(calling)
        return peer is not None and peer.at(address) and peer.shows(shown)


class _Called(Schema):
    class Meta:
        unknown = RAISE

    ae = fields.String(required=True, validate=_AE)
    peers = fields.List(fields.String(validate=_AE), load_default=None, validate=_SOME)
    classes = fields.List(fields.String(validate=_CLASS), load_default=None, validate=_SOME)
    max_object = fields.Integer(
        strict=True, load_default=None, validate=validate.Range(min=1, error="allowed: bytes, 1 or more")
    )
    may = fields.List(fields.String(validate=_RIGHTS), load_default=sorted(ALL))

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Called:
        return Called(
            data["ae"],
            None if data["peers"] is None else frozenset(data["peers"]),
            STORAGE_CLASSES if data["classes"] is None else frozenset(data["classes"]),
            data["max_object"],
            _rights(data["may"]),
        )


class _Peer(Schema):
    class Meta:
        unknown = RAISE

    ae = fields.String(required=True, validate=_AE)
    addresses = fields.List(fields.String(), required=True, validate=_SOME)
    certificates = fields.List(fields.String(validate=_FINGERPRINT), load_default=list, validate=_SOME)
    may = fields.List(fields.String(validate=_RIGHTS), load_default=sorted(UNSAID))
    host = fields.String(load_default="")
    port = fields.Integer(
        strict=True, load_default=0, validate=validate.Range(1, 65535, error="allowed: 1 to 65535")
    )

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> Peer:
        try:
            networks = tuple(ipaddress.ip_network(each) for each in data["addresses"])
        except ValueError as error:
            text = "allowed: addresses and networks such as 10.1.2.3 and 10.1.2.0/24"
            raise ValidationError(text, "addresses") from error
        if bool(data["host"]) != bool(data["port"]):
            raise ValidationError("allowed: both host and port, or neither", "port")
        try:
            host = str(ipaddress.ip_address(data["host"])) if data["host"] else ""
        except ValueError as error:
            raise ValidationError("allowed: an address such as 10.1.2.3", "host") from error
        shown = frozenset(each.replace(":", "").lower() for each in data["certificates"])
        return Peer(data["ae"], networks, _rights(data["may"]), host, data["port"], shown)


def _rights(listed: Iterable[str]) -> frozenset[Right]:
    return frozenset(Right(each) for each in listed)


class _Issuer(Schema):
    class Meta:
        unknown = RAISE

    name = fields.String(required=True, validate=validate.Length(1, 64, error="allowed: 1 to 64 characters"))
    system = fields.String(
        required=True, validate=validate.Regexp(r"^[a-z][a-z0-9+.-]*:\S+$", error="allowed: a URI")
    )


def _tables(schema: type[Schema], name: str) -> fields.List[Any]:
    return fields.List(
        fields.Nested(schema),
        required=True,
        validate=validate.Length(min=1, error=f"allowed: one [[{name}]] table or more"),
        error_messages={"invalid": f"allowed: one [[{name}]] table for each"},
    )


class _File(Schema):
    class Meta:
        unknown = RAISE

    called = _tables(_Called, "called")
    peer = _tables(_Peer, "peer")
    issuer = fields.List(
        fields.Nested(_Issuer),
        load_default=list,
        error_messages={"invalid": "allowed: one [[issuer]] table for each"},
    )


def load_peers(path: Path | None) -> Peers:
    """Raises Fault(INCORRECT), naming file, key and what is allowed."""
    if path is None:
        return Peers()
    listed = checked(path, _File)
    found = Peers(
        {each.ae: each for each in listed["called"]},
        {each.ae: each for each in listed["peer"]},
        {each["name"]: each["system"] for each in listed["issuer"]},
    )
    _demand_sound(path, found, listed)
    return found


def _demand_sound(path: Path, found: Peers, listed: Mapping[str, list[Any]]) -> None:
    if len(found.called or ()) < len(listed["called"]) or len(found.peers or ()) < len(listed["peer"]):
        raise fault(
            Category.INCORRECT, "duplicate", f"{path}: each ae stands in one [[called]] and one [[peer]]"
        )
    if len(found.issuers) < len(listed["issuer"]):
        raise fault(Category.INCORRECT, "duplicate", f"{path}: each name stands in one [[issuer]]")
    named = {name for each in listed["called"] for name in each.peers or ()}
    if named - (found.peers or {}).keys():
        text = f"{path}: called.peers: allowed: the ae of a [[peer]] of this file"
        raise fault(Category.INCORRECT, "value", text)
