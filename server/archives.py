"""The [[pacs]] tables of the destinations file: archives that DICOM objects go to, and which they take."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from server.addressing import BASE, NAME, System, duration, login, trust
from server.model import Asking, Destination, DicomNode, Fetching, PacsDestination, PacsKind, Trust

_AE = validate.Regexp(
    r"^(?! )[ -\[\]-~]{1,16}(?<! )$", error="allowed: 1 to 16 ASCII characters without backslash (AE)"
)
HOST = validate.Regexp(
    r"^(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$|^[0-9a-fA-F:]{2,45}$",
    error="allowed: a host name or an IP address",
)
_KINDS = validate.OneOf(sorted(PacsKind), error=f"allowed: {', '.join(sorted(PacsKind))}")
_SOME = validate.Length(min=1, error="allowed: one or more")
_ASKS = validate.OneOf(
    sorted(Asking), error=f"allowed: {', '.join(sorted(Asking))}; left out: it is not asked"
)
_FETCHES = validate.OneOf(
    sorted(Fetching), error=f"allowed: {', '.join(sorted(Fetching))}; left out: nothing is fetched"
)
_NODE = ("ae", "host", "port", "calling_ae")
_OF_NODE = (*_NODE, "tls", "commitment", "commitment_timeout")


class PacsTable(System):
    """One archive, by its network address (PS3.8) or by its DICOMweb base (PS3.18)."""

    address = "stow"

    serves = fields.List(fields.String(validate=NAME), required=True, validate=_SOME)
    accepts = fields.List(fields.String(validate=_KINDS), required=True)
    ask = fields.String(validate=_ASKS)
    fetch = fields.String(validate=_FETCHES)
    ae = fields.String(validate=_AE)
    calling_ae = fields.String(validate=_AE)
    host = fields.String(validate=HOST)
    port = fields.Integer(strict=True, validate=validate.Range(min=1, max=65535))
    tls = fields.Boolean(truthy={True}, falsy={False})
    commitment = fields.String(validate=validate.OneOf(("ask", "none"), error="allowed: ask, none"))
    commitment_timeout = fields.String()
    stow = fields.String(validate=BASE)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        ways = f"allowed: {', '.join(_NODE)}; or stow, the base URL of its DICOMweb services"
        of_node = [name for name in _OF_NODE if name in data]
        if "stow" in data and of_node:
            raise ValidationError(f"not beside stow; {ways}", of_node[0])
        lacking = [name for name in _NODE if name not in data]
        if "stow" not in data and lacking:
            raise ValidationError(f"needed; {ways}", lacking[0])
        if "stow" not in data and data.get("tls") is False and "ca" in data:
            raise ValidationError("allowed: true, or no certificates", "tls")

    @validates_schema
    def _asked_its_way(self, data: dict[str, Any], **_: Any) -> None:
        """By the protocol of its address; what is neither sent anything nor asked has no place here."""
        web = "stow" in data
        if not data.get("accepts") and "ask" not in data:
            raise ValidationError("allowed: one or more, or none and ask", "accepts")
        if "ask" in data and (data["ask"] == Asking.QIDO) is not web:
            raise ValidationError("allowed: qido beside stow, dimse beside ae, host and port", "ask")
        if "fetch" in data and ("ask" not in data or (data["fetch"] == Fetching.WADO) is not web):
            raise ValidationError(
                "allowed, with ask: wado beside stow; move or get beside ae, host, port", "fetch"
            )

    @post_load
    def _build(self, data: dict[str, Any], **_: Any) -> PacsDestination:
        timeout = timedelta(seconds=data["timeout_seconds"])
        return PacsDestination(
            name=data["name"],
            serves=tuple(data["serves"]),
            accepts=frozenset(PacsKind(each) for each in data["accepts"]),
            timeout=timeout,
            at=_web(data, timeout) if "stow" in data else _node(data),
            ask=Asking(data["ask"]) if "ask" in data else None,
            fetch=Fetching(data["fetch"]) if "fetch" in data else None,
        )


def _web(data: dict[str, Any], timeout: timedelta) -> Destination:
    return Destination(data["name"], data["stow"].rstrip("/"), (), timeout, login(data), trust(data))


def _node(data: dict[str, Any]) -> DicomNode:
    asks = data.get("commitment", "ask") == "ask"
    within = duration(data.get("commitment_timeout", "PT6H"), "commitment_timeout")
    secured = data.get("tls", False) or trust(data) != Trust()
    return DicomNode(
        ae=data["ae"],
        host=data["host"],
        port=data["port"],
        calling_ae=data["calling_ae"],
        commitment_within=within if asks else None,
        trust=trust(data) if secured else None,
    )
