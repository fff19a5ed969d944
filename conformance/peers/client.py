"""A FHIR client as small as the peers need: JSON in, JSON out, one exception for every no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from conformance.peers.codes import Resource
from conformance.peers.wire import FHIR_JSON, decode, encode


class NotDone(Exception):
    """The other side refused, could not be reached, or answered something that is not FHIR."""

    def __init__(self, text: str, status: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        """HTTP status; None when there was no answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer that said yes."""

    status: int
    body: Resource
    etag: str
    location: str
    """``Type/id``, from the Location header or from the resource itself."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Relation -> address, of Link headers (RFC 8288)."""


class FhirClient:
    """Speaks to one FHIR base. Safe to use from several threads.

    ``http`` lends it the connections of somebody else, who then closes them.
    """

    def __init__(
        self, base: str, timeout: float = 30.0, http: httpx.Client | None = None, token: str = ""
    ) -> None:
        self.base = base.rstrip("/")
        shown = {"Accept": FHIR_JSON} | ({"Authorization": f"Bearer {token}"} if token else {})
        # trust_env: a proxy of the surroundings has no business between two local programs.
        self._http = http or httpx.Client(timeout=timeout, trust_env=False, headers=shown)

    @property
    def root(self) -> str:
        """The origin of the base; health, metrics and cases live beside the FHIR base."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def read(self, reference: str) -> Reply:
        """GET ``Type/id``, or an absolute URL below the base."""
        return self._ask("GET", self.url(reference))

    def search(self, type_: str, parameters: Mapping[str, str]) -> list[Resource]:
        """The resources of a searchset, without what came along as included."""
        found = self._ask("GET", self.url(type_), params=parameters).body.get("entry", [])
        return [
            entry["resource"] for entry in found if entry.get("resource", {}).get("resourceType") == type_
        ]

    def history(self, reference: str) -> list[Resource]:
        """All versions, oldest first."""
        entries = self._ask("GET", self.url(f"{reference}/_history")).body.get("entry", [])
        versions = [entry["resource"] for entry in entries if "resource" in entry]
        return sorted(versions, key=lambda each: int(each["meta"]["versionId"]))

    def create(self, resource: Resource, if_none_exist: str | None = None) -> Reply:
        headers = {"If-None-Exist": if_none_exist} if if_none_exist else {}
        return self._ask("POST", self.url(resource["resourceType"]), resource, headers)

    def update(self, resource: Resource, if_match: str) -> Reply:
        reference = f"{resource['resourceType']}/{resource['id']}"
        return self._ask("PUT", self.url(reference), resource, {"If-Match": if_match})

    def transaction(self, bundle: Resource) -> Resource:
        return self._ask("POST", self.base, bundle).body

    def beside(self, path: str) -> Resource:
        """JSON from beside the FHIR base, for example ``/health``."""
        return self._ask("GET", self.root + path).body

    def url(self, reference: str) -> str:
        """The address of a reference.

        Raises:
            NotDone: the reference leads to another server, which is never dialled.
        """
        if "://" not in reference:
            return f"{self.base}/{reference.lstrip('/')}"
        if not reference.startswith(f"{self.base}/"):
            raise NotDone("the reference leads to another server")
        return reference

    def _ask(
        self,
        method: str,
        url: str,
        body: Resource | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        content = None if body is None else encode(body)
        sent = dict(headers or {}) | ({"Content-Type": FHIR_JSON} if content is not None else {})
        try:
            answer = self._http.request(method, url, content=content, headers=sent, params=params)
        except httpx.HTTPError as error:
            raise NotDone(f"{method} {urlsplit(url).path}: no answer ({type(error).__name__})") from error
        return _reply(method, answer)


def _reply(method: str, answer: httpx.Response) -> Reply:
    what = f"{method} {answer.request.url.path}: {answer.status_code}"
    try:
        body = decode(answer.content) if answer.content else {}
    except ValueError as error:
        raise NotDone(f"{what}, but the body is not JSON", answer.status_code) from error
    if not answer.is_success or not isinstance(body, dict):
        raise NotDone(f"{what} {reasons(body)}".rstrip(), answer.status_code)
    location = answer.headers.get("Location", "")
    links = {name: str(each["url"]) for name, each in answer.links.items() if name and "url" in each}
    return Reply(answer.status_code, body, answer.headers.get("ETag", ""), _reference(location, body), links)


def reasons(body: object) -> str:
    """The issues of an OperationOutcome in one line."""
    issues = body.get("issue", []) if isinstance(body, dict) else []
    said = (each.get("details", {}).get("text") or each.get("diagnostics", "") for each in issues)
    return "; ".join(f"{each.get('code', '')}: {text}" for each, text in zip(issues, said, strict=True))


def _reference(location: str, body: Resource) -> str:
    if location:
        parts = urlsplit(location).path.partition("/_history/")[0].split("/")
        return "/".join(parts[-2:])
    return f"{body['resourceType']}/{body['id']}" if "id" in body else ""
