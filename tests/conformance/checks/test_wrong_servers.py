"""Every claim can fail: for each there is a server, wrong in one thing, at which it does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conformance.checks.claims.rights import REFUSALS as RIGHTS
from conformance.checks.statement import statement_of
from conformance.checks.table import CLAIMS, table
from conformance.checks.verdict import Outcome
from conformance.peers.codes import TASK, concept
from conformance.peers.wire import decode, encode
from server.fhir.task_states import TRANSITIONS
from server.query import ALWAYS
from tests.conformance.checks import wrongs as w
from tests.conformance.checks.tampering import (
    Tamper,
    again,
    answering_with,
    asking,
    forgetting,
    ignoring,
    sending,
    storing,
    telling,
)

_OPINION = {"type": concept(TASK, "ai-opinion"), "valueReference": {"reference": "DiagnosticReport/x"}}
_TASK_STATES = ("on-hold", "in-progress", "completed", "cancelled", "rejected", "failed")
_OFFER_STATES = ("requested", "accepted", "in-progress", "rejected", "failed", "completed")
_ADMISSION = tuple(
    each.id for each in CLAIMS if each.id.startswith("admission/") and each.id != "admission/opens-a-case"
)

TAMPERED: list[tuple[str, Tamper, tuple[str, ...]]] = [
    (
        "another kind of Parameters",
        telling(w.another_telling),
        ("subscription/status", "subscription/events"),
    ),
    ("422 is 201", answering_with(422, 201), ("subscription/refusals",)),
    ("404 is 200 with websockets", answering_with(404, 200), ("subscription/no-websockets",)),
    ("another kind of statement", telling(w.put(kind="requirements"), "/metadata"), ("metadata/statement",)),
    (
        "404 is 200",
        answering_with(404, 200),
        ("read/unknown-id", "read/unknown-version", "read/unknown-type"),
    ),
    ("HEAD without ETag", forgetting("ETag", "HEAD"), ("read/head",)),
    ("Prefer is not known", ignoring("Prefer"), ("create/prefer", "search/strict")),
    ("always strict", sending(Prefer="handling=strict"), ("search/lenient", "search/lenient-warns")),
    ("the address says the type", w.type_of_the_address, ("create/body-of-another-type",)),
    ("the address says the id", w.id_of_the_address, ("update/other-id", "update/without-id")),
    ("If-Match is not known", ignoring("If-Match"), ("update/stale", "veil/correction")),
    ("If-None-Match is not known", ignoring("If-None-Match"), ("update/only-if-new",)),
    ("labels come back by themselves", storing(w.own_labels), ("update/labels-stay",)),
    (
        "what matches is written over",
        w.writes_over_what_matches,
        ("conditional/create-ignores-the-body",),
    ),
    (
        "If-None-Exist is not known",
        ignoring("If-None-Exist"),
        ("conditional/create-ambiguous", "conditional/unknown-criterion"),
    ),
    ("412 is 200", answering_with(412, 200), ("conditional/update-ambiguous",)),
    ("a conditional update drops the id", storing(w.without("id")), ("conditional/update-other-id",)),
    ("decimals are floats", storing(w.floats), ("value/decimal-precision", "value/decimal-digits")),
    (
        "no extensions of primitives",
        storing(w.every(w.no_extensions)),
        ("value/primitive-extensions", "value/primitive-arrays"),
    ),
    ("ASCII only", storing(w.ascii_only), ("value/unicode",)),
    ("no tags", storing(w.without("tag")), ("value/meta",)),
    ("nothing contained", storing(w.without("contained")), ("value/contained",)),
    (
        "only the first of several values",
        asking(w.by_pair(lambda name, text: (name, text.partition(",")[0]))),
        ("search/or-and", "search/paging", "search/all-types", "search/compartment"),
    ),
    (
        "systems do not matter",
        asking(w.by_pair(lambda name, text: (name, text.rpartition("|")[2]))),
        ("search/token-forms",),
    ),
    (
        "no system is any",
        asking(w.by_pair(lambda name, text: (name, text.replace("|", "x|") if text[:1] == "|" else text))),
        ("search/no-system",),
    ),
    (
        "backslashes are lost",
        asking(w.by_pair(lambda name, text: (name, text.replace("\\", "")))),
        ("search/escaping",),
    ),
    (
        "addresses are not understood",
        asking(w.by_pair(lambda name, text: (name, "x" if name == "subject" and "://" in text else text))),
        ("search/reference-forms",),
    ),
    ("the address does not count", w.dropping("_id"), ("search/post", "search/lenient")),
    ("no links", telling(w.lose("link"), "/Patient"), ("search/self-link",)),
    (
        "empty arrays",
        telling(lambda body: body.setdefault("entry", []), "/Patient"),
        ("search/nothing-found",),
    ),
    ("all on one page", w.dropping("_count"), ("search/paging",)),
    (
        "modifiers and chains do not count",
        asking(w.by_pair(lambda name, text: None if re.search(r"[:.]|^_[a-z]{4}", name) else (name, text))),
        ("search/unknown-modifier", "search/never-widened"),
    ),
    (
        "silent about what was ignored",
        telling(
            lambda body: body.update(
                entry=[each for each in body["entry"] if each["search"]["mode"] == "match"]
            ),
            "/Patient",
        ),
        ("search/lenient-warns",),
    ),
    (
        "a failed transaction leaves something behind",
        w.keeps_the_first_entry,
        ("transaction/all-or-nothing", "transaction/stale"),
    ),
    ("of two that overlap the last one wins", storing(w.once_each), ("transaction/overlap",)),
    ("ifNoneExist is not known", storing(w.without("ifNoneExist")), ("transaction/repeated",)),
    ("a batch is a transaction", storing(w.all_or_nothing), ("batch/independent",)),
    ("nothing is deleted in a transaction", storing(w.no_deletions), ("transaction/all-methods",)),
    ("nothing is validated", telling(w.all_fine, "$validate"), ("operation/validate",)),
    ("a record without entries", telling(w.no_entries, "$everything"), ("operation/everything",)),
    ("no history", telling(w.no_entries, "/fhir/_history"), ("history/system",)),
    (
        "no etag in a transaction's answers",
        telling(lambda body: [each["response"].pop("etag", None) for each in body.get("entry", [])]),
        ("transaction/answers",),
    ),
    (
        "refusals name no element",
        telling(w.no_places),
        ("transaction/names-the-entry", "refusal/names-the-element", "refusal/future", *_ADMISSION),
    ),
    ("any body will do", w.believes_anything, ("refusal/no-json", "refusal/ambiguous")),
    ("any media type", sending(Content_Type="application/fhir+json"), ("refusal/media-type-sent",)),
    (
        "any Accept",
        lambda request, forward: w.dropping("_format")(
            again(request, headers={**request.headers, "Accept": "*/*"}), forward
        ),
        ("refusal/media-type-wanted",),
    ),
    ("_format does not count", w.dropping("_format"), ("format/xml-read",)),
    ("XML loses digits", w.xml_loses_digits, ("format/xml-read", "format/there-and-back")),
    ("XML loses extensions", w.xml_loses_extensions, ("format/xml-written", "format/there-and-back")),
    ("refusals in JSON only", w.refuses_in_json, ("format/refusal-in-xml",)),
    ("_format is not known", w.dropping("_format"), ("refusal/format-beats-accept",)),
    ("405 is 404", answering_with(405, 404), ("refusal/method", "refusal/not-creatable")),
    ("refusals quote", w.quotes, ("refusal/quotes-nothing",)),
    (
        "422 is 201",
        answering_with(422, 201),
        (
            *_ADMISSION,
            *(f"task-state/{status}" for status in _TASK_STATES),
            *(f"specialist/{status}" for status in _OFFER_STATES),
            "task-state/only-the-status",
            "specialist/says-why",
            "specialist/only-the-answer",
            "specialist/own-signed-report",
            "refusal/conditional-reference",
            "refusal/dangling-reference",
        ),
    ),
    ("201 is 202", answering_with(201, 202), ("admission/opens-a-case",)),
    ("nothing is recognised", storing(w.fresh_identifiers), ("repeat/same", "repeat/transaction")),
    (
        "no reason on a Task",
        w.on("Task", w.lose("statusReason")),
        ("evidence/missing", "task-state/rejected-says-why", "task-state/failed-says-why"),
    ),
    (
        "a reason that stays",
        w.on("Task", w.put(statusReason={"text": "waits"})),
        ("evidence/mended",),
    ),
    ("issues of other codes", w.on("Task", w.other_codes), ("evidence/wrong-unit", "evidence/too-old")),
    ("history with gaps", telling(w.first_and_last, "/Task/"), ("task-state/history",)),
    ("reports stay hidden", w.hides_reports, ("veil/lifted",)),
    ("everything is of an AI", w.on("Observation", w.labelled, "/Observation"), ("seal/no-search",)),
    ("a Provenance too early", telling(w.entry_for_nothing, "/Provenance"), ("seal/no-provenance",)),
    ("an output too early", w.on("Task", w.put(output=[_OPINION]), "_history"), ("seal/no-output",)),
    (
        "an opinion from before",
        w.on("DiagnosticReport", lambda part: part["meta"].update(lastUpdated="2020-01-01T00:00:00Z")),
        ("seal/written-at-release",),
    ),
    (
        "no outputs",
        w.on("Task", w.lose("output")),
        ("opinion/outputs", "rights/notice", "specialist/closes-the-case"),
    ),
    ("422 of what is said upon results is 201", answering_with(422, 201), tuple(e.id for e in RIGHTS)),
    (
        "nothing is ever completed",
        w.on("Task", w.put(status="requested")),
        ("rights/acknowledge", "rights/outcome"),
    ),
    ("a final opinion", w.on("DiagnosticReport", w.final), ("opinion/not-final",)),
    ("no labels", w.on("DiagnosticReport", w.lose("meta"), "/DiagnosticReport/"), ("opinion/marked",)),
    ("a person as author", w.on("Provenance", w.agent), ("opinion/provenance",)),
    ("everything twice", telling(w.doubled, "/DiagnosticReport"), ("opinion/once",)),
    (
        "a patient that was changed",
        w.on("Patient", lambda part: part["meta"].update(versionId="2")),
        ("opinion/yours-untouched",),
    ),
    ("a declined offer that failed", w.on("Task", w.ended), ("specialist/next-one",)),
    ("an order that tells", w.on("ServiceRequest", w.put(conclusion="viral")), ("specialist/blind",)),
]
"""What is wrong, how it comes about, and the claims that do not hold then."""

SABOTAGED: list[tuple[str, str, Any, tuple[str, ...]]] = [
    ("patients may change", "server.fhir.rules.patient_of", lambda _: None, ("update/same-patient",)),
    (
        "our identifiers are free",
        "server.fhir.rules._not_ours",
        lambda _: None,
        ("create/minted-identifiers",),
    ),
    (
        "names stay as they are",
        "server.fhir.plan.resolve",
        lambda *_: None,
        ("transaction/urn-uuid", "transaction/any-order", "transaction/all-or-nothing"),
    ),
    (
        "searches stay as they are",
        "server.fhir.plan.resolve_searched",
        lambda *_: None,
        ("transaction/conditional-reference",),
    ),
    ("a patch lifts the veil", "server.fhir.place.demand_unsealed", lambda *_: None, ("veil/patch",)),
    (
        "a history lifts it",
        "server.fhir.history.without_sealed",
        lambda _, found: list(found),
        ("veil/history",),
    ),
    (
        "references may dangle",
        "server.fhir.plan.demand_present",
        lambda *_: None,
        ("refusal/dangling-reference", "refusal/conditional-reference"),
    ),
    ("tomorrow is today", "server.fhir.rules._SKEW", timedelta(days=2), ("refusal/future",)),
    (
        "any repeat is the same",
        "server.fhir.place.same_request",
        lambda *_: True,
        ("repeat/another-request",),
    ),
    (
        "a specialist may go any way",
        "server.fhir.task_rules.open_moves",
        lambda _: tuple(TRANSITIONS),
        tuple(f"specialist/{status}" for status in _OFFER_STATES),
    ),
    (
        "anybody may change anything",
        "server.fhir.task_rules._foreign server.fhir.task_rules._moved",
        lambda *_: (),
        ("task-state/on-hold", "task-state/only-the-status", "specialist/only-the-answer"),
    ),
    (
        "any report completes a read",
        "server.fhir.plan.demand_report",
        lambda *_: None,
        ("specialist/own-signed-report",),
    ),
    ("nothing can be cancelled", "server.fhir.task_rules.CANCELLABLE", frozenset(), ("task-state/cancel",)),
    ("a read lifts the veil", "server.fhir.read.demand_shown", lambda _, stored: stored, ("veil/read",)),
    (
        "a search lifts it",
        "server.fhir.desk.visible server.fhir.search.without_sealed",
        lambda *given: given[1] if len(given) == 3 else ALWAYS,
        ("veil/search",),
    ),
    (
        "a conditional create lifts it",
        "server.fhir.desk.under_seal",
        lambda *_: False,
        ("veil/conditional-create",),
    ),
    ("the case page shows all", "server.console.trace.unsealed", lambda _: True, ("seal/case-page",)),
]
"""What is wrong, what in the server is replaced by what, and the claims that do not hold then."""


@pytest.mark.parametrize(("tamper", "ids"), [row[1:] for row in TAMPERED], ids=[row[0] for row in TAMPERED])
def test_what_does_not_hold_at_a_server_that_is_wrong(tampering, run, judge, tamper, ids):
    tampering.tamper = tamper
    assert {id_: judge(id_).outcome for id_ in ids} == dict.fromkeys(ids, Outcome.FAILED)


@pytest.mark.parametrize(
    ("place", "instead", "ids"), [row[1:] for row in SABOTAGED], ids=[row[0] for row in SABOTAGED]
)
def test_what_does_not_hold_at_a_server_that_is_broken(monkeypatch, judge, place, instead, ids):
    for each in place.split():
        monkeypatch.setattr(each, instead)
    assert {id_: judge(id_).outcome for id_ in ids} == dict.fromkeys(ids, Outcome.FAILED)


STATED: list[tuple[str, Callable[[Any], object], str]] = [
    ("without a date", w.lose("date"), "metadata/required-elements"),
    ("a type twice", lambda body: body["rest"][0].update(resource=body["rest"][0]["resource"] * 2), ""),
    ("without topics", w.forget_topics, "subscription/topics"),
    ("of somebody else", w.put(url="https://x.example/statement"), "metadata/canonical"),
]


@pytest.mark.parametrize(("change", "id_"), [row[1:] for row in STATED], ids=[row[0] for row in STATED])
def test_what_does_not_hold_of_a_statement(run, judge, change, id_):
    body = decode(encode(run.statement.body))
    change(body)
    run.statement = statement_of(body)
    assert judge(id_ or "metadata/required-elements").outcome is Outcome.FAILED


_ONE_VERSION = (
    "AuditEvent", "CodeSystem", "Device", "NamingSystem", "OperationDefinition", "Provenance",
    "SearchParameter", "StructureDefinition", "ValueSet",
)  # fmt: skip
"""What has one version for whoever looks from outside; a server's own may be followed by none."""
EXPANDED: list[tuple[str, Tamper, str, tuple[str, ...]]] = [
    (
        "no parameter counts",
        asking(w.by_pair(lambda name, text: (name, text) if name == "_count" else None)),
        r"(parameter|interaction/.*/search-type)",
        (),
    ),
    (
        "nothing is found",
        telling(w.no_entries),
        r"(parameter/.*/(_id|identifier)|.*/search-type)",
        _ONE_VERSION,
    ),
    ("no ETag", forgetting("ETag"), r"interaction/.*/(read|create)", ()),
    ("only the present", w.reads_the_present, r"interaction/.*/vread", _ONE_VERSION),
    ("the client's id", w.takes_the_clients_id, r"interaction/.*/create", ()),
    ("updates nothing", w.updates_nothing, r"interaction/.*/update", ()),
    ("patches nothing", w.only_reads("PATCH"), r"interaction/.*/patch", ()),
    ("deletes nothing", w.only_reads("DELETE"), r"(interaction/.*/delete|promise/.*/conditionalDelete)", ()),
    ("no history of a type", telling(w.no_entries, "/_history"), r"interaction/.*/history-type", ()),
    (
        "history upside down",
        telling(lambda body: body.get("entry", []).reverse(), "_history"),
        r"interaction/.*/history-instance",
        _ONE_VERSION,
    ),
    ("no ids of the client's", answering_with(201, 405), r"promise/.*/updateCreate", ()),
    ("If-None-Exist is not known", ignoring("If-None-Exist"), r"promise/.*/conditionalCreate", ("Task",)),
    ("always a new one", w.always_makes_a_new_one, r"promise/.*/conditionalUpdate", ()),
    ("any version will do", w.guesses_the_version, r"promise/.*/versioning", ()),
    ("If-None-Match is not known", ignoring("If-None-Match"), r"promise/.*/conditionalRead-by-version", ()),
    ("no dates of reads", ignoring("If-Modified-Since"), r"promise/.*/conditionalRead-by-time", ()),
]
"""What is wrong, how it comes about, which claims of the statement do not hold then, but of which types
they do: one version has no other, and a Task that is repeated is known without If-None-Exist."""


@pytest.mark.parametrize(
    ("tamper", "pattern", "but"), [row[1:] for row in EXPANDED], ids=[row[0] for row in EXPANDED]
)
def test_what_does_not_hold_of_what_is_listed(tampering, run, tamper, pattern, but):
    claims = [each for each in table(run.statement) if re.match(pattern, each.id)]
    claims = [each for each in claims if each.id.split("/")[1] not in but]
    # What they are tried on is there before the server goes wrong; what is not tried cannot fail.
    claims = [each for each in claims if each.judge(run).outcome is not Outcome.NOT_RUN]
    tampering.tamper = tamper
    run._kept = {name: kept for name, kept in run._kept.items() if not name.startswith("changed")}
    ended = {each.id: each.judge(run).outcome for each in claims}
    assert ended
    assert {id_: one for id_, one in ended.items() if one is not Outcome.FAILED} == {}


def test_every_claim_is_shown_to_fail():
    shown = {id_ for *_, ids in (*TAMPERED, *SABOTAGED) for id_ in ids} | {id_ for *_, id_ in STATED}
    assert {each.id for each in CLAIMS} - shown == set()
