"""The CapabilityStatement of the server under test: what it offers, and in which words it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.peers.codes import SR, Resource

OUR_CANONICAL = f"{SR}/CapabilityStatement/fhir-door"


class NoStatement(Exception):
    """GET [base]/metadata did not answer with a CapabilityStatement of a server."""


@dataclass(frozen=True, slots=True)
class Statement:
    """R4 capabilitystatement.html, of a server (rest.mode)."""

    body: Resource
    rest: Resource
    types: Mapping[str, Resource]
    """Resource type -> what is said of it."""

    @property
    def is_ours(self) -> bool:
        return self.body.get("url") == OUR_CANONICAL

    @property
    def base(self) -> str:
        """The address by which the server knows itself; empty when it does not say."""
        return str(self.body.get("implementation", {}).get("url", "")).rstrip("/")

    @property
    def formats(self) -> str:
        return " ".join(map(str, self.body.get("format", [])))

    def interactions(self, type_: str) -> list[str]:
        """Of one resource type; of the whole system for an empty one."""
        of = self.types.get(type_, {}) if type_ else self.rest
        return [str(each.get("code", "")) for each in of.get("interaction", [])]

    def parameters(self, type_: str) -> dict[str, str]:
        """Search parameter -> its kind."""
        listed = self.types.get(type_, {}).get("searchParam", [])
        return {str(each.get("name", "")): str(each.get("type", "")) for each in listed}

    def flag(self, type_: str, name: str) -> Any:
        return self.types.get(type_, {}).get(name)

    def lacks(self, need: str) -> str:
        """Empty when ``need`` is offered, else the sentence that says that it is not.

        ``Patient.create`` is an interaction or a flag of a type, ``Patient?identifier`` a search
        parameter, ``transaction`` an interaction of the system.
        """
        type_, dot, name = need.partition(".")
        searched, mark, parameter = need.partition("?")
        if mark:
            offered = parameter in self.parameters(searched)
        elif dot:
            offered = name in self.interactions(type_) or self.flag(type_, name) is True
        else:
            offered = need in self.interactions("")
        return "" if offered else f"the CapabilityStatement does not offer {need}"


def statement_of(body: Any) -> Statement:
    """Read a CapabilityStatement.

    Raises:
        NoStatement: it is none, or not of a server.
    """
    if not isinstance(body, dict) or body.get("resourceType") != "CapabilityStatement":
        raise NoStatement("GET [base]/metadata does not answer with a CapabilityStatement")
    rests = [each for each in body.get("rest", []) if each.get("mode") == "server"]
    if not rests:
        raise NoStatement("the CapabilityStatement describes no server (rest.mode)")
    types = {str(each.get("type", "")): each for each in rests[0].get("resource", [])}
    return Statement(body, rests[0], types)
