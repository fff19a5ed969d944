"""A withdrawn opinion: every part of it entered in error, and who said so (R4 lifecycle; standards 2.5).

It is made from what was sent, not written anew: the parts are those that the receiver holds, whatever
model or pens there are now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from server.fhir import terms
from server.fhir.pens.correspondence import Correspondence
from server.fhir.pens.datatypes import Json, coding, concept, token
from server.fhir.pens.notice import is_notice, withdrawn_notice
from server.fhir.pens.updating import as_update
from server.model import Coding, Withdrawal
from server.times import instant

WHAT = "withdrawal"
_ERROR = "entered-in-error"


def is_ai(resource: Mapping[str, Any]) -> bool:
    """Whether a model wrote it; it says so in meta.security."""
    labels = resource.get("meta", {}).get("security", [])
    return any(label.get("code") == terms.AIAST.code for label in labels) and "status" in resource


def in_error(resource: Json, said: Withdrawal) -> Json:
    """The same, entered in error; in plain words too, for readers that ignore the status."""
    written = {**resource, "status": _ERROR}
    if "conclusion" in written:
        written["conclusion"] = f"WITHDRAWN, do not use: {said.reason}. {written['conclusion']}"
    return written


def write_withdrawal(
    letter: Correspondence, targets: Sequence[Json], said: Withdrawal, what: str = WHAT
) -> Json:
    """The Provenance of a withdrawal; ``what``: what it is minted under."""
    return {
        "resourceType": "Provenance",
        "meta": {"tag": [coding(Coding(terms.PROVENANCE, letter.minted(what)))]},
        "target": list(targets),
        "occurredDateTime": instant(said.at),
        "recorded": instant(said.at),
        "reason": [{"text": said.reason}],
        "activity": concept(terms.NULLIFY),
        "agent": [
            {
                "type": concept(terms.VERIFIER),
                "who": {"display": said.by},
                "onBehalfOf": letter.operator.reference(),
            }
        ],
    }


def withdrawal_output(provenance: Json) -> Json:
    """Task.output: where the withdrawal is told."""
    return {"type": concept(terms.OUT_WITHDRAWN), "valueReference": provenance}


def without_agreement(outputs: Sequence[Json]) -> list[Json]:
    """Agreement with an opinion that must not be used is none."""
    code = terms.OUT_AGREEMENT.code
    return [o for o in outputs if all(each.get("code") != code for each in o["type"].get("coding", []))]


def withdrawal_bundle(
    letter: Correspondence,
    sent: Json,
    said: Withdrawal,
    *,
    whole: bool = False,
    task: Json | None = None,
    what: str = WHAT,
) -> Json:
    """The transaction that withdraws what an opinion's transaction made.

    ``whole``: it goes out instead of that one, with all that stands in it, such as a specialist's report.
    ``task``: the entry of the EHR's Task, where that has gone on since. ``what``: each withdrawal is minted
    under another name, so that each leaves its Provenance.
    """
    parts = [each for each in sent["entry"] if is_ai(each["resource"])]
    task = task or _withdrawn_task([e for e in sent["entry"] if e["resource"]["resourceType"] == "Task"][-1])
    targets = [{"reference": each["fullUrl"], "type": each["resource"]["resourceType"]} for each in parts]
    told = withdrawal_output({"reference": letter.urn(what), "type": "Provenance"})
    outputs = [*without_agreement(task["resource"].get("output", [])), told]
    entries = [
        *(
            {**each, "resource": in_error(each["resource"], said), "request": as_update(each)}
            for each in parts
        ),
        *(
            {**each, "resource": withdrawn_notice(each["resource"], said), "request": as_update(each)}
            for each in sent["entry"]
            if is_notice(each["resource"])
        ),
        {**task, "resource": {**task["resource"], "output": outputs}},
        {
            "fullUrl": letter.urn(what),
            "resource": write_withdrawal(letter, targets, said, what),
            "request": {
                "method": "POST",
                "url": "Provenance",
                "ifNoneExist": token("_tag", terms.PROVENANCE, letter.minted(what)),
            },
        },
    ]
    transaction = _in_place(sent, entries) if whole else _closed(sent, entries)
    return {"resourceType": "Bundle", "type": "transaction", "entry": transaction}


def _withdrawn_task(entry: Json) -> Json:
    """The same Task, which says so."""
    business = concept(Coding(terms.TASK, terms.Business.OPINION_WITHDRAWN.value))
    return {**entry, "resource": {**entry["resource"], "businessStatus": business}}


def _in_place(sent: Json, entries: list[Json]) -> list[Json]:
    """The first transaction, with these entries where it had others of their names."""
    now = {each["fullUrl"]: each for each in entries}
    return [*(now.pop(each["fullUrl"], each) for each in sent["entry"]), *now.values()]


def _closed(sent: Json, entries: list[Json]) -> list[Json]:
    """With the entries of the first transaction that these refer to: the receiver knows them by it alone."""
    here = {each["fullUrl"] for each in entries}
    found = list(entries)
    while missing := {name for each in found for name in _names(each["resource"])} - here:
        added = [each for each in sent["entry"] if each["fullUrl"] in missing]
        if not added:
            break
        here |= missing
        found = [*added, *found]
    return found


def _names(value: Any) -> set[str]:
    """The bundle-local names that a resource refers to."""
    if isinstance(value, list):
        return {name for each in value for name in _names(each)}
    if not isinstance(value, dict):
        return set()
    own = value.get("reference")
    named = {own} if isinstance(own, str) and own.startswith("urn:uuid:") else set()
    return named | {name for each in value.values() for name in _names(each)}
