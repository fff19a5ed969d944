from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conformance.peers.client import FhirClient, NotDone
from conformance.peers.codes import ACT_VALUE, AI_ASSERTED, SPECIALIST_REPORT, SR, TASK, concept
from conformance.peers.ehr import Ehr
from conformance.peers.faults import Fault, Kind
from conformance.peers.listener import CannotListen

DEVICE = {"resourceType": "Device", "identifier": [{"system": "urn:x", "value": "d"}]}
CONDITION = "identifier=urn:x|d"


def devices(hospital):
    return hospital.search("Device", {"identifier": "urn:x|d"})


def post(ehr, json=None, path="/fhir/Device", **more):
    return httpx.post(ehr.root + path, json=json or DEVICE, trust_env=False, **more)


def test_create_read_update_and_their_versions(hospital):
    created = hospital.create(DEVICE)
    assert (created.status, created.etag) == (201, 'W/"1"')
    changed = hospital.update(created.body | {"status": "active"}, created.etag)
    assert (changed.status, changed.etag) == (200, 'W/"2"')
    assert "status" not in hospital.read(f"{created.location}/_history/1").body
    assert [each["meta"]["versionId"] for each in hospital.history(created.location)] == ["1", "2"]
    with pytest.raises(NotDone) as stale:
        hospital.update(created.body, created.etag)
    assert stale.value.status == 412
    assert hospital.read(created.location).etag == 'W/"2"'


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/fhir/Device/none", None, 404),
        ("GET", "/fhir/Banana", None, 404),
        ("GET", "/fhir/Device?name=x", None, 400),
        ("POST", "/fhir/Device", b"{", 400),
        ("POST", "/fhir/Device", b"[]", 400),
        ("POST", "/fhir/Patient", b'{"resourceType":"Device"}', 400),
        ("PUT", "/fhir/Device/a", b'{"resourceType":"Device","id":"b"}', 400),
        ("PUT", "/fhir/Device", b'{"resourceType":"Device"}', 400),
        ("POST", "/fhir", b'{"resourceType":"Bundle","type":"batch"}', 400),
        ("DELETE", "/fhir/Device/a", None, 405),
        ("PATCH", "/fhir/Device/a", b"{}", 405),
        ("GET", "/nothing", None, 404),
    ],
)
def test_what_is_refused_is_refused_with_an_outcome(ehr, method, path, body, status):
    answer = httpx.request(method, ehr.root + path, content=body, trust_env=False)
    assert answer.status_code == status
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["diagnostics"]
    assert ehr.shelf.ledger()["committed"] == []


def test_a_body_without_length_is_refused(ehr):
    answer = httpx.post(f"{ehr.base}/Device", content=iter([b"{}"]), trust_env=False)
    assert answer.status_code == 411


def test_twenty_threads_create_one(ehr, hospital):
    together = threading.Barrier(20)

    def create(_):
        together.wait()
        return hospital.create(DEVICE, CONDITION)

    with ThreadPoolExecutor(20) as pool:
        replies = list(pool.map(create, range(20)))
    assert sorted(each.status for each in replies) == [200] * 19 + [201]
    assert len({each.location for each in replies}) == 1
    assert ehr.shelf.ledger()["counts"]["Device"] == {"urn:x|d": 1}


def test_conditional_update_over_http(ehr, hospital):
    for status in (201, 200):
        answer = httpx.put(f"{ehr.base}/Device?{CONDITION}", json=DEVICE, trust_env=False)
        assert answer.status_code == status
    assert devices(hospital)[0]["meta"]["versionId"] == "2"
    hospital.create(DEVICE)
    assert httpx.put(f"{ehr.base}/Device?{CONDITION}", json=DEVICE, trust_env=False).status_code == 412


def test_search_by_post_and_the_capability_statement(ehr, hospital):
    hospital.create(DEVICE)
    found = httpx.post(f"{ehr.base}/Device/_search", data={"identifier": "urn:x|d"}, trust_env=False).json()
    assert found["total"] == 1
    assert hospital.read("metadata").body["fhirVersion"] == "4.0.1"
    assert "entry" not in httpx.get(f"{ehr.base}/Task", trust_env=False).json()


@pytest.mark.parametrize(
    ("fault", "status", "committed"),
    [
        (Fault(Kind.ERROR_BEFORE), 500, 0),
        (Fault(Kind.ERROR_AFTER), 500, 1),
        (Fault(Kind.SILENCE_AFTER, seconds=0), None, 1),
        (Fault(Kind.PRECONDITION), 412, 0),
        (Fault(Kind.BUSY, seconds=7), 429, 0),
        (Fault(Kind.HTML), 200, 0),
        (Fault(Kind.SLOW, seconds=0.05), 201, 1),
    ],
    ids=lambda each: each.kind if isinstance(each, Fault) else None,
)
def test_each_fault_strikes_once_and_a_repeat_makes_no_double(ehr, hospital, fault, status, committed):
    ehr.inject(fault)
    if status is None:
        with pytest.raises(httpx.RemoteProtocolError):
            post(ehr, headers={"If-None-Exist": CONDITION})
    else:
        answer = post(ehr, headers={"If-None-Exist": CONDITION})
        assert answer.status_code == status
        assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
        assert answer.headers["Content-Type"].startswith("text/html") is (fault.kind is Kind.HTML)
    assert len(devices(hospital)) == committed
    assert post(ehr, headers={"If-None-Exist": CONDITION}).status_code == (200 if committed else 201)
    assert ehr.shelf.ledger()["counts"]["Device"] == {"urn:x|d": 1}


def test_a_slow_answer_is_late_and_a_silent_one_outlasts_the_client(ehr, hospital):
    ehr.inject(Fault(Kind.SLOW, seconds=0.2))
    began = time.monotonic()
    assert post(ehr).status_code == 201
    assert time.monotonic() - began >= 0.2
    ehr.inject(Fault(Kind.SILENCE_AFTER, seconds=60))
    with pytest.raises(httpx.ReadTimeout):
        post(ehr, timeout=0.5)
    assert len(devices(hospital)) == 2


def test_faults_count_down_and_spare_other_methods(ehr, hospital):
    ehr.inject(Fault(Kind.ERROR_BEFORE, count=2, methods=("POST",)))
    assert devices(hospital) == []
    assert [post(ehr).status_code for _ in range(3)] == [500, 500, 201]


def test_down_means_connection_refused_and_up_is_the_same_address(ehr, hospital):
    hospital.create(DEVICE)
    ehr.down()
    with pytest.raises(httpx.ConnectError):
        httpx.get(ehr.base, trust_env=False)
    with pytest.raises(NotDone) as gone:
        devices(hospital)
    assert gone.value.status is None
    ehr.up()
    assert len(devices(hospital)) == 1


def refused(ehr):
    try:
        httpx.get(f"{ehr.root}/health", trust_env=False)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:  # the connection was cut while it closed
        return False
    return False


def eventually(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline


def test_down_over_http_answers_before_it_closes(ehr):
    answer = post(ehr, {"kind": "down", "seconds": 3600}, "/faults")
    assert answer.json()["accepted"]["kind"] == "down"
    eventually(lambda: refused(ehr))
    ehr.up()
    assert not refused(ehr)


def test_down_for_a_while_comes_back_by_itself(ehr):
    ehr.down(0.05)
    eventually(lambda: ehr.is_up)
    assert not refused(ehr)


def test_faults_are_listed_and_cleared(ehr):
    post(ehr, {"kind": "html", "count": 3}, "/faults")
    waiting = httpx.get(f"{ehr.root}/faults", trust_env=False).json()["waiting"]
    assert waiting == [{"kind": "html", "count": 3, "seconds": 1.0, "methods": ["POST", "PUT"]}]
    httpx.delete(f"{ehr.root}/faults", trust_env=False)
    assert post(ehr).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "banana"},
        {"kind": "html", "count": 0},
        {"kind": "html", "count": "x"},
        {"kind": "slow", "seconds": "x"},
        {"kind": "slow", "seconds": -1},
        {"kind": "slow", "methods": ["TRACE"]},
        {"kind": "slow", "methods": []},
    ],
)
def test_a_wrong_fault_is_refused(ehr, wrong):
    assert post(ehr, wrong, "/faults").status_code == 400
    assert ehr.faults.waiting() == []


def test_a_port_that_is_taken_is_said_so(ehr):
    with pytest.raises(CannotListen, match=f"cannot listen on 127.0.0.1:{ehr.port}"):
        Ehr(port=ehr.port).start()


@pytest.mark.parametrize("together", [True, False])
def test_a_case_sent_twice_is_there_once_on_both_sides(ehr, second_reader, reader, request_, together):
    sent = [ehr.send_case(request_, second_reader, together=together) for _ in range(2)]
    assert sent[0].task == sent[1].task
    assert ehr.shelf.ledger()["doubles"] == reader.shelf.ledger()["doubles"] == []
    task = second_reader.read(sent[0].task).body
    assert task["for"]["reference"] == sent[0].patient
    report = second_reader.read(task["focus"]["reference"]).body
    assert len(report["result"]) == len(request_.labs)
    own = ehr.shelf.ledger()["counts"]["Task"]
    assert own == {f"{ehr.system}/task|T-{request_.token}": 1}


def test_the_chart_marks_ai_and_escapes_everything(ehr, hospital):
    identifier = [{"system": "urn:mrn", "value": "1"}]
    name = [{"family": "<script>alert(1)</script>", "given": ["Nella"]}]
    patient = hospital.create({"resourceType": "Patient", "identifier": identifier, "name": name})
    by_id = {"reference": patient.location}
    by_name = {"identifier": identifier[0]}
    label = {"security": [{"system": ACT_VALUE, "code": AI_ASSERTED}]}
    report = {"resourceType": "DiagnosticReport", "status": "final"}
    hospital.create(report | {"subject": by_id, "conclusion": "first words"})
    hospital.create(report | {"subject": by_name, "meta": label, "conclusion": "machine words"})
    signed = [{"system": SPECIALIST_REPORT, "value": "1"}]
    hospital.create(report | {"subject": by_name, "identifier": signed, "conclusion": "expert words"})
    task = {"resourceType": "Task", "code": concept(TASK, "second-read"), "status": "on-hold"}
    hospital.create(task | {"for": by_id, "businessStatus": concept(f"{SR}/CodeSystem/task", "awaiting-x")})
    page = httpx.get(f"{ehr.root}/", trust_env=False).text
    assert "<script>" not in page
    assert "<strong>on-hold</strong>" in page
    assert ", awaiting-x</span>" in page
    articles = page.split("<article ")[1:]
    assert [each.split('"')[1] for each in articles] == ["first", "ai", "specialist"]
    assert [">AI</span>" in each for each in articles] == [False, True, False]
    assert ["not verified" in each for each in articles] == [False, True, False]
    assert [words in each for words, each in zip(("first", "machine", "expert"), articles, strict=True)] == [
        True
    ] * 3


def test_the_client_dials_nobody_else(ehr):
    with FhirClient(ehr.base) as client, pytest.raises(NotDone, match="another server"):
        client.read("http://elsewhere.example/fhir/Patient/1")
