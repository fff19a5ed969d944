from __future__ import annotations

from decimal import Decimal

import pytest

from conformance.peers.search import parse
from conformance.peers.shelf import Shelf
from conformance.peers.transaction import carry_out
from conformance.peers.wire import Refused, decode, encode

PATIENT = "urn:uuid:00000000-0000-4000-8000-000000000001"
REPORT = "urn:uuid:00000000-0000-4000-8000-000000000002"


def named(type_, value, **more):
    return {"resourceType": type_, "identifier": [{"system": "urn:x", "value": value}]} | more


def post(resource, full_url="", condition=None):
    request = {"method": "POST", "url": resource["resourceType"]}
    request |= {"ifNoneExist": condition} if condition else {}
    return {"fullUrl": full_url, "resource": resource, "request": request}


def put(resource, url, **more):
    return {"resource": resource, "request": {"method": "PUT", "url": url} | more}


def bundle(*entries):
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def found(shelf, type_, query=""):
    return [each.body for each in shelf.search(type_, parse(query))]


@pytest.fixture
def shelf():
    return Shelf()


def test_references_become_the_ids_that_were_given(shelf):
    report = named("DiagnosticReport", "r", subject={"reference": PATIENT}, note=[{"url": PATIENT}])
    answer = carry_out(shelf, bundle(post(report, REPORT), post(named("Patient", "p"), PATIENT)))
    stored, patient = found(shelf, "DiagnosticReport")[0], found(shelf, "Patient")[0]
    assert stored["subject"]["reference"] == f"Patient/{patient['id']}" == stored["note"][0]["url"]
    assert [each["response"]["status"] for each in answer["entry"]] == ["201 Created", "201 Created"]
    assert answer["entry"][1]["response"]["location"] == f"Patient/{patient['id']}/_history/1"


def test_a_condition_that_matches_creates_nothing_and_is_pointed_at(shelf):
    carry_out(shelf, bundle(post(named("Patient", "p"))))
    once = post(named("Patient", "p"), PATIENT, "identifier=urn:x|p")
    report = post(named("DiagnosticReport", "r", subject={"reference": PATIENT}))
    answer = carry_out(shelf, bundle(once, report))
    (patient,) = found(shelf, "Patient")
    assert answer["entry"][0]["response"]["status"] == "200 OK"
    assert patient["meta"]["versionId"] == "1"
    assert found(shelf, "DiagnosticReport")[0]["subject"]["reference"] == f"Patient/{patient['id']}"


def test_a_conditional_update_creates_and_then_updates(shelf):
    task = named("Task", "t", status="requested")
    for status in ("requested", "completed"):
        carry_out(shelf, bundle(put(task | {"status": status}, "Task?identifier=urn:x%7Ct")))
    (stored,) = found(shelf, "Task")
    assert (stored["status"], stored["meta"]["versionId"]) == ("completed", "2")


def test_a_conditional_reference_is_resolved(shelf):
    carry_out(shelf, bundle(post(named("Patient", "p"))))
    subject = {"reference": "Patient?identifier=urn:x|p"}
    carry_out(shelf, bundle(post(named("DiagnosticReport", "r", subject=subject))))
    patient = found(shelf, "Patient")[0]["id"]
    assert found(shelf, "DiagnosticReport")[0]["subject"]["reference"] == f"Patient/{patient}"


TWO = [post(named("Device", "twin")), post(named("Device", "twin"))]
FAILING = {
    "several match a create": (412, post(named("Device", "twin"), "", "identifier=urn:x|twin")),
    "several match an update": (412, put(named("Device", "twin"), "Device?identifier=urn:x|twin")),
    "stale ifMatch": (412, put(named("Task", "t", id="t9"), "Task/t9", ifMatch='W/"4"')),
    "reference to no entry": (400, post(named("Task", "t", focus={"reference": PATIENT}))),
    "conditional reference to nothing": (400, post(named("Task", "t", focus={"reference": "Task?_id=z"}))),
    "url of another type": (400, put(named("Task", "t", id="t9"), "Patient/t9")),
    "method not offered": (
        400,
        {"resource": named("Task", "t"), "request": {"method": "PATCH", "url": "Task"}},
    ),
    "search parameter not offered": (400, post(named("Task", "t"), "", "name=x")),
    "no request": (400, {"resource": named("Task", "t")}),
}


@pytest.mark.parametrize("why", FAILING)
@pytest.mark.parametrize("last", [True, False])
def test_one_bad_entry_and_nothing_is_written(shelf, why, last):
    carry_out(shelf, bundle(*TWO))
    before = shelf.ledger()
    status, bad = FAILING[why]
    good = post(named("Patient", "p"))
    with pytest.raises(Refused) as refused:
        carry_out(shelf, bundle(*([good, bad] if last else [bad, good])))
    assert refused.value.status == status
    assert shelf.ledger() == before


def test_two_entries_under_one_condition_or_one_id_fail_whole(shelf):
    same = post(named("Patient", "p"), "", "identifier=urn:x|p")
    with pytest.raises(Refused, match="same ifNoneExist"):
        carry_out(shelf, bundle(same, same))
    one = put(named("Task", "t", id="t9"), "Task/t9")
    with pytest.raises(Refused, match="two entries"):
        carry_out(shelf, bundle(one, one))
    assert shelf.ledger()["committed"] == []


def test_the_ledger_counts_doubles_by_identifier_and_by_tag(shelf):
    tagged = {"resourceType": "Provenance", "meta": {"tag": [{"system": "urn:p", "code": "1"}]}}
    carry_out(shelf, bundle(*TWO, post(tagged), post(named("Patient", "p"))))
    carry_out(shelf, bundle(put(named("Patient", "p"), "Patient?identifier=urn:x|p")))
    ledger = shelf.ledger()
    assert ledger["counts"] == {
        "Device": {"urn:x|twin": 2},
        "Provenance": {"urn:p|1": 1},
        "Patient": {"urn:x|p": 1},
    }
    assert ledger["doubles"] == ["Device urn:x|twin"]
    assert len(ledger["committed"]) == 5


@pytest.mark.parametrize("text", ["1.10", "2.00", "0.0", "100", "7.123456789012345678"])
def test_decimals_stay_as_they_were_written(text):
    body = f'{{"value":{text}}}'.encode()
    assert encode(decode(body)) == body
    if "." in text:
        assert decode(body)["value"] == Decimal(text)
