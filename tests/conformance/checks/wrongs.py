"""Ways in which a server can be wrong: in what it stores, does, understands and tells."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import httpx

from conformance.peers.wire import decode, encode
from tests.conformance.checks.tampering import (
    Forward,
    Pairs,
    Tamper,
    again,
    asking,
    replied,
    resources,
    telling,
)

_COUNT = itertools.count()
_PERSON = {"resourceType": "Patient", "birthDate": "1990-05-01"}


# -- what is stored ------------------------------------------------------------------------------


def floats(body: Any) -> Any:
    return json.loads(encode(body))


def every(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``change`` on every object, the innermost first."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return change({name: changed(part) for name, part in value.items()})
        return [changed(each) for each in value] if isinstance(value, list) else value

    return changed


def no_extensions(part: Any) -> Any:
    return {name: inner for name, inner in part.items() if not name.startswith("_")}


def without(*names: str) -> Callable[[Any], Any]:
    return every(lambda part: {name: inner for name, inner in part.items() if name not in names})


def ascii_only(body: Any) -> Any:
    return json.loads(encode(body).decode().encode("ascii", "replace"))


def fresh_identifiers(body: Any) -> Any:
    """Nothing is recognised again."""

    def fresh(part: Any) -> Any:
        named = "system" in part and isinstance(part.get("value"), str)
        return part | {"value": f"{part['value']}-{next(_COUNT)}"} if named else part

    return without("ifNoneExist")(every(fresh)(body))


def once_each(body: Any) -> Any:
    if body.get("resourceType") != "Bundle":
        return body
    return body | {"entry": list({each["request"]["url"]: each for each in body["entry"]}.values())}


def all_or_nothing(body: Any) -> Any:
    return body | {"type": "transaction"} if body.get("type") == "batch" else body


def no_deletions(body: Any) -> Any:
    if body.get("resourceType") != "Bundle":
        return body
    read = {"request": {"method": "GET", "url": "metadata"}}
    gone = [each["request"]["method"] == "DELETE" for each in body["entry"]]
    return body | {"entry": [read if away else each for each, away in zip(body["entry"], gone, strict=True)]}


def id_of_the_address(request: httpx.Request, forward: Forward) -> httpx.Response:
    """An update believes its address, whatever the body says."""
    if request.method != "PUT" or request.url.query:
        return forward(request)
    body = decode(request.content) | {"id": request.url.path.rpartition("/")[2]}
    return forward(again(request, content=encode(body)))


def type_of_the_address(request: httpx.Request, forward: Forward) -> httpx.Response:
    if request.method != "POST" or not request.url.path.endswith("/Patient"):
        return forward(request)
    return forward(again(request, content=encode(decode(request.content) | {"resourceType": "Patient"})))


def own_labels(body: Any) -> Any:
    """Labels that were lost are put back without a word."""
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}
    return body | {"meta": {"security": [label]} | body.get("meta", {})}


# -- what is done --------------------------------------------------------------------------------


def writes_over_what_matches(request: httpx.Request, forward: Forward) -> httpx.Response:
    condition = request.headers.get("If-None-Exist")
    if not condition:
        return forward(request)
    url = request.url.copy_with(query=condition.encode())
    return forward(again(request, method="PUT", url=url))


def keeps_the_first_entry(request: httpx.Request, forward: Forward) -> httpx.Response:
    """A transaction that fails leaves something behind."""
    answer = forward(request)
    if answer.status_code >= 400 and request.url.path == "/fhir":
        first = decode(request.content)["entry"][0]["resource"]
        url = request.url.copy_with(path=f"/fhir/{first['resourceType']}")
        forward(again(request, url=url, content=encode(first)))
    return answer


def believes_anything(request: httpx.Request, forward: Forward) -> httpx.Response:
    post = request.method == "POST" and request.url.path.endswith("/Patient")
    return forward(again(request, content=encode(_PERSON)) if post else request)


def reads_the_present(request: httpx.Request, forward: Forward) -> httpx.Response:
    """Whatever version is asked for."""
    path = re.sub(r"/_history/[^/]+$", "", request.url.path)
    return forward(again(request, url=request.url.copy_with(path=path)))


def takes_the_clients_id(request: httpx.Request, forward: Forward) -> httpx.Response:
    body = decode(request.content) if request.method == "POST" and request.content else None
    if not isinstance(body, dict) or "id" not in body:
        return forward(request)
    url = request.url.copy_with(path=f"{request.url.path}/{body['id']}")
    return forward(again(request, method="PUT", url=url))


def updates_nothing(request: httpx.Request, forward: Forward) -> httpx.Response:
    put = request.method == "PUT" and not request.url.query
    return forward(again(request, method="GET", content=b"") if put else request)


def only_reads(method: str) -> Tamper:
    """Requests of one method do nothing."""

    def tamper(request: httpx.Request, forward: Forward) -> httpx.Response:
        return forward(again(request, method="GET", content=b"") if request.method == method else request)

    return tamper


def always_makes_a_new_one(request: httpx.Request, forward: Forward) -> httpx.Response:
    if request.method != "PUT" or not request.url.query:
        return forward(request)
    body = fresh_identifiers(without("id")(decode(request.content)))
    return forward(again(request, method="POST", url=request.url.copy_with(query=None), content=encode(body)))


def guesses_the_version(request: httpx.Request, forward: Forward) -> httpx.Response:
    if request.method != "PUT" or "If-Match" in request.headers:
        return forward(request)
    now = forward(again(request, method="GET", content=b""))
    return forward(again(request, headers={**request.headers, "If-Match": now.headers.get("ETag", "")}))


def hides_reports(request: httpx.Request, forward: Forward) -> httpx.Response:
    answer = forward(request)
    return replied(answer, status_code=403) if "/DiagnosticReport/" in request.url.path else answer


def quotes(request: httpx.Request, forward: Forward) -> httpx.Response:
    """Every refusal repeats what was asked."""
    answer = forward(request)
    if answer.status_code < 400:
        return answer
    body = decode(answer.content)
    body["issue"][0]["diagnostics"] = f"{request.url} {request.content.decode(errors='replace')}"
    return replied(answer, content=encode(body))


def xml_loses_digits(request: httpx.Request, forward: Forward) -> httpx.Response:
    answer = forward(request)
    return replied(answer, content=answer.content.replace(b'value="1.10"', b'value="1.1"'))


def xml_loses_extensions(request: httpx.Request, forward: Forward) -> httpx.Response:
    """On its way in."""
    lost = re.sub(rb"<extension .*?</extension>", b"", request.content)
    xml = "xml" in request.headers.get("Content-Type", "")
    return forward(again(request, content=lost) if xml else request)


def refuses_in_json(request: httpx.Request, forward: Forward) -> httpx.Response:
    answer = forward(request)
    if answer.status_code < 400:
        return answer
    return forward(again(request, headers={**request.headers, "Accept": "application/fhir+json"}))


# -- what is asked -------------------------------------------------------------------------------


def by_pair(change: Callable[[str, str], tuple[str, str] | None]) -> Callable[[Pairs], Pairs]:
    return lambda pairs: [kept for name, text in pairs if (kept := change(name, text))]


def dropping(*names: str) -> Tamper:
    return asking(by_pair(lambda name, text: None if name in names else (name, text)))


# -- what is told --------------------------------------------------------------------------------


def on(type_: str, change: Callable[[Any], object], where: str = "") -> Tamper:
    """``change`` on every resource of a type that is told of."""

    def changed(body: Any) -> None:
        for each in resources(body):
            if each.get("resourceType") == type_:
                change(each)

    return telling(changed, where)


def lose(*names: str) -> Callable[[Any], object]:
    return lambda part: [part.pop(name, None) for name in names]


def put(**parts: Any) -> Callable[[Any], object]:
    return lambda part: part.update(parts)


def no_places(body: Any) -> None:
    for issue in body.get("issue", []):
        issue.pop("expression", None)


def no_entries(body: Any) -> None:
    body.pop("entry", None)


def all_fine(body: Any) -> None:
    body["issue"] = [{"severity": "information", "code": "informational", "diagnostics": "all is well"}]


def other_codes(task: Any) -> None:
    for part in task.get("contained", []):
        for issue in part["issue"]:
            issue["code"] = "informational"


def first_and_last(body: Any) -> None:
    if body.get("type") == "history":
        body["entry"] = [body["entry"][0], body["entry"][-1]]


def ended(task: Any) -> None:
    """Its end is told by another word."""
    task["status"] = {"rejected": "failed"}.get(task["status"], task["status"])


def labelled(resource: Any) -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "AIAST"}
    resource.setdefault("meta", {}).setdefault("security", []).append(label)


def final(resource: Any) -> None:
    resource["status"] = "final"


def agent(provenance: Any) -> None:
    provenance["agent"][0]["who"] = {"reference": "Practitioner/somebody"}


def doubled(body: Any) -> None:
    if body.get("type") == "searchset":
        body["entry"] = body.get("entry", []) * 2


def entry_for_nothing(body: Any) -> None:
    body["entry"] = [{"resource": {"resourceType": "Provenance", "id": "p"}, "search": {"mode": "match"}}]


def forget_topics(body: Any) -> None:
    """A statement that names no topics."""
    for each in body["rest"][0]["resource"]:
        each.pop("extension", None)


def another_telling(body: Any) -> None:
    """A status that is not what was asked for."""
    for each in body.get("entry", []):
        for part in each.get("resource", {}).get("parameter", []):
            if part["name"] == "type":
                part["valueCode"] = "heartbeat"
