"""The courier against a real HTTP server with scripted answers."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from server.errors import Category
from server.fhir.courier import FhirCourier
from server.fhir.smart.logins import Logins
from server.model import Destination, Document
from server.ports import Undelivered

SR = "https://second-reader.example/fhir"
MEDIA_TYPE = "application/fhir+json"
REPORT = {
    "resourceType": "DiagnosticReport",
    "status": "partial",
    "identifier": [{"system": f"{SR}/opinion-report", "value": "u-1"}],
}
PROVENANCE = {"resourceType": "Provenance", "meta": {"tag": [{"system": f"{SR}/provenance", "code": "u-2"}]}}
TASK = {
    "resourceType": "Task",
    "status": "completed",
    "businessStatus": {"coding": [{"system": f"{SR}/CodeSystem/task", "code": "closed-upheld"}]},
    "identifier": [{"system": "https://ehr.example/task", "value": "SECRET-7"}],
}
ENTRIES = [
    (
        REPORT,
        {
            "method": "POST",
            "url": "DiagnosticReport",
            "ifNoneExist": f"identifier={SR}/opinion-report%7Cu-1",
        },
    ),
    (TASK, {"method": "PUT", "url": "Task?identifier=https://ehr.example/task%7CSECRET-7"}),
    (
        PROVENANCE,
        {"method": "POST", "url": "Provenance", "ifNoneExist": f"_tag={SR}/provenance%7Cu-2"},
    ),
]


def document(entries=ENTRIES, destination="ehr"):
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"resource": resource, "request": request} for resource, request in entries],
    }
    return Document("d1", "opinion", destination, MEDIA_TYPE, json.dumps(bundle).encode())


def answered(statuses=("201 Created", "200 OK", "201 Created"), kind="transaction-response"):
    entries = [
        {"response": {"status": status, "location": f"X/{number}/_history/1"}}
        for number, status in enumerate(statuses)
    ]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


class Script:
    """What the scripted EHR answers to POST, what it holds, and what it was asked."""

    def __init__(self):
        self.posts = []
        self.held = []
        self.search_status = 200
        self.asked = []

    def post(self, status, body=b"", **headers):
        self.posts.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))
        return self

    def holds(self, *resources):
        self.held += [resource | {"id": f"h{number}"} for number, resource in enumerate(resources)]
        return self

    def found(self, path, query):
        param, wanted = next((name, values[0]) for name, values in parse_qs(query).items())
        kind = path.rpartition("/")[2]
        return [each for each in self.held if each["resourceType"] == kind and wanted in names(each, param)]


def names(resource, param):
    if param == "_tag":
        return [f"{tag['system']}|{tag['code']}" for tag in resource.get("meta", {}).get("tag", [])]
    return [f"{each['system']}|{each['value']}" for each in resource.get("identifier", [])]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.script.asked.append(("POST", self.path, dict(self.headers), body))
        status, answer, headers = self.server.script.posts.pop(0)
        if callable(answer):
            answer(self)
        else:
            self.answer(status, answer, headers)

    def do_GET(self):
        self.server.script.asked.append(("GET", self.path, dict(self.headers), b""))
        path, query = urlsplit(self.path)[2:4]
        entries = [{"resource": each} for each in self.server.script.found(path, query)]
        bundle = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        self.answer(self.server.script.search_status, json.dumps(bundle).encode(), {})

    def answer(self, status, body, headers):
        self.send_response_only(status)
        for name, value in {"Content-Type": MEDIA_TYPE, **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Ehr(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_):
        """The courier hangs up on some answers; the handler's broken pipe is expected."""


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def base(script):
    with Ehr(("127.0.0.1", 0), Handler) as server:
        server.script = script
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fhir"
        server.shutdown()
        thread.join()


@pytest.fixture
def courier(base):
    return courier_to(base)


def courier_to(base, seconds=5.0):
    return FhirCourier(
        [Destination("ehr", base, ("https://ehr.example/task",), timedelta(seconds=seconds))],
        Logins(lambda: datetime.now(UTC)),
    )


def refused(courier, category, sent=None, attempt=1):
    with pytest.raises(Undelivered) as caught:
        courier.deliver(sent or document(), attempt)
    assert caught.value.category is category
    assert "SECRET" not in str(caught.value)
    return caught.value


def methods(script):
    return [method for method, *_ in script.asked]


# -- accepted ------------------------------------------------------------------------------------


def test_accepted(courier, script):
    script.post(200, answered())
    receipt = courier.deliver(document(), 1)
    assert (receipt.how, receipt.status) == ("accepted", 200)
    assert receipt.locations == ("X/0/_history/1", "X/1/_history/1", "X/2/_history/1")
    [(method, path, headers, body)] = script.asked
    assert (method, path, body) == ("POST", "/fhir", document().content)
    assert headers["Content-Type"] == MEDIA_TYPE
    assert headers["Accept-Encoding"] == "identity"


def test_a_matched_conditional_create_need_not_say_where(courier, script):
    body = json.loads(answered())
    del body["entry"][0]["response"]["location"]
    script.post(200, json.dumps(body).encode())
    assert courier.deliver(document(), 1).locations == ("X/1/_history/1", "X/2/_history/1")


def test_an_answer_in_gzip_is_read(courier, script):
    script.post(200, gzip.compress(answered()), Content_Encoding="gzip")
    assert courier.deliver(document(), 1).how == "accepted"


# -- what proves nothing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Signed in</body></html>",
        b"",
        b"{}",
        b"[" * 100_000,
        b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]}',
        b'{"resourceType":"Bundle","type":"transaction-response"}',
        answered(kind="batch-response"),
        answered(statuses=("201", "200")),
        answered(statuses=("201", "200", "teapot")),
        answered(statuses=("201", "200", "100")),
    ],
)
def test_a_2xx_without_one_2xx_for_each_entry_is_no_proof(courier, script, body):
    script.post(200, body)
    assert refused(courier, Category.UNAVAILABLE).retry_after is None


@pytest.mark.parametrize(
    ("statuses", "category"),
    [
        (("201", "200", "422 Unprocessable"), Category.UNPROCESSABLE),
        (("201", "500", "201"), Category.UNAVAILABLE),
        (("412", "200", "201"), Category.UNAVAILABLE),
        (("201", "401", "201"), Category.FORBIDDEN),
    ],
)
def test_one_refused_entry_refuses_all(courier, script, statuses, category):
    script.post(200, answered(statuses))
    refused(courier, category)


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_huge_answer_is_not_read_to_its_end(courier, script, encoding):
    """F-135."""
    padded = answered()[:-1] + b" " * (32 * 1024 * 1024) + b"}"
    body = gzip.compress(padded) if encoding == "gzip" else padded
    script.post(200, body, Content_Encoding=encoding)
    refused(courier, Category.UNAVAILABLE)


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", answered()), ("gzip", answered()), ("gzip", gzip.compress(answered())[:-40])],
)
def test_an_answer_that_cannot_be_decoded_is_no_proof(courier, script, encoding, body):
    script.post(200, body, Content_Encoding=encoding)
    refused(courier, Category.UNAVAILABLE)


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (301, Category.FORBIDDEN),
        (307, Category.FORBIDDEN),
        (400, Category.UNPROCESSABLE),
        (401, Category.FORBIDDEN),
        (403, Category.FORBIDDEN),
        (404, Category.UNPROCESSABLE),
        (408, Category.UNAVAILABLE),
        (409, Category.UNPROCESSABLE),
        (413, Category.UNPROCESSABLE),
        (422, Category.UNPROCESSABLE),
        (429, Category.BUSY),
        (500, Category.UNAVAILABLE),
        (502, Category.UNAVAILABLE),
        (503, Category.BUSY),
        (504, Category.UNAVAILABLE),
    ],
)
def test_what_becomes_of_each_status(courier, script, status, category):
    script.post(status)
    assert f"HTTP {status}" in str(refused(courier, category))


def test_a_redirect_is_not_followed(courier, script, base):
    """F-130."""
    script.post(307, Location=f"{base}/elsewhere").post(200, answered())
    refused(courier, Category.FORBIDDEN)
    assert [path for _, path, *_ in script.asked] == ["/fhir"]


def test_the_destinations_issues_are_told_without_its_texts(courier, script):
    issues = [
        {"severity": "error", "code": "required", "expression": ["Bundle.entry[1].resource.status"],
         "diagnostics": "SECRET Smith"},
        {"severity": "error", "code": "value", "expression": ["Patient.name.where(family='SECRET')"]},
        {"severity": "error", "code": "SECRET code"},
    ]  # fmt: skip
    script.post(422, json.dumps({"resourceType": "OperationOutcome", "issue": issues}).encode())
    failure = refused(courier, Category.UNPROCESSABLE)
    assert [(issue.code, issue.path) for issue in failure.issues[1:]] == [
        ("required", "Bundle.entry[1].resource.status"),
        ("value", ""),
    ]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "120"}, 120),
        (
            {
                "Retry_After": "Mon, 05 Jan 2026 09:01:30 GMT",
                "Date": "Mon, 05 Jan 2026 09:00:00 GMT",
            },
            90,
        ),
        (
            {
                "Retry_After": "Mon, 05 Jan 2026 08:00:00 GMT",
                "Date": "Mon, 05 Jan 2026 09:00:00 GMT",
            },
            0,
        ),
        ({"Retry_After": "Mon, 05 Jan 2026 09:01:30 GMT"}, None),
        ({"Retry_After": "soon"}, None),
        ({"Retry_After": "9" * 5_000}, None),
        ({"Retry_After": "-5"}, None),
        ({}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503, 500])
def test_retry_after_is_handed_on(courier, script, status, headers, seconds):
    script.post(status, b"", **headers)
    with pytest.raises(Undelivered) as caught:
        courier.deliver(document(), 1)
    assert caught.value.retry_after == (None if seconds is None else timedelta(seconds=seconds))


# -- looking before sending again ----------------------------------------------------------------


def test_a_repeat_finds_everything_and_sends_nothing(courier, script):
    script.post(500).holds(REPORT, TASK, PROVENANCE)
    refused(courier, Category.UNAVAILABLE)
    receipt = courier.deliver(document(), 2)
    assert receipt.how == "found"
    assert receipt.locations == ("DiagnosticReport/h0", "Task/h1", "Provenance/h2")
    assert methods(script) == ["POST", "GET", "GET", "GET"]


def test_a_time_out_after_the_commit_ends_with_found(base, script):
    let_go = threading.Event()

    def commit_and_fall_silent(handler):
        script.holds(REPORT, TASK, PROVENANCE)
        let_go.wait(30)
        handler.close_connection = True

    script.post(0, commit_and_fall_silent)
    courier = courier_to(base, seconds=0.3)
    refused(courier, Category.UNAVAILABLE)
    assert courier.deliver(document(), 2).how == "found"
    assert methods(script).count("POST") == 1
    let_go.set()


@pytest.mark.parametrize(
    "held",
    [
        (),
        (REPORT,),
        (REPORT, PROVENANCE),
        (REPORT, TASK | {"status": "in-progress"}, PROVENANCE),
        (REPORT, TASK | {"businessStatus": {}}, PROVENANCE),
        (REPORT, TASK | {"statusReason": {"text": "an older reason"}}, PROVENANCE),
    ],
)
def test_a_repeat_that_misses_something_sends_again(courier, script, held):
    script.holds(*held).post(200, answered())
    assert courier.deliver(document(), 2).how == "accepted"
    assert methods(script) == ["GET", "GET", "GET", "POST"]


def test_two_of_one_thing_are_for_a_person(courier, script):
    script.holds(REPORT, REPORT, TASK, PROVENANCE)
    failure = refused(courier, Category.CONFLICT, attempt=2)
    assert f"GET [base]/DiagnosticReport?identifier={SR}/opinion-report%7Cu-1" in str(failure)
    assert "POST" not in methods(script)


def test_two_tasks_of_the_ehr_are_told_without_their_number(courier, script):
    script.holds(REPORT, TASK, TASK, PROVENANCE)
    failure = refused(courier, Category.CONFLICT, attempt=2)
    assert "/Task?identifier=https://ehr.example/task%7C..." in str(failure)


def test_a_search_that_ignores_its_condition_finds_nothing(courier, script):
    stranger = REPORT | {"identifier": [{"system": f"{SR}/opinion-report", "value": "u-9"}]}
    script.found = lambda _path, _query: [stranger, stranger, TASK, PROVENANCE]
    script.post(200, answered())
    assert courier.deliver(document(), 2).how == "accepted"


@pytest.mark.parametrize("status", [400, 404, 405])
def test_a_destination_that_cannot_be_searched_is_sent_to(courier, script, status):
    script.search_status = status
    script.post(200, answered())
    assert courier.deliver(document(), 2).how == "accepted"


@pytest.mark.parametrize(
    ("status", "category"),
    [(500, Category.UNAVAILABLE), (429, Category.BUSY), (401, Category.FORBIDDEN)],
)
def test_a_destination_that_is_down_is_not_sent_to(courier, script, status, category):
    script.search_status = status
    refused(courier, category, attempt=2)
    assert "POST" not in methods(script)


# -- 412 -----------------------------------------------------------------------------------------


def test_412_with_nothing_there_sends_again(courier, script):
    script.post(412).post(200, answered())
    assert courier.deliver(document(), 1).how == "accepted"
    assert methods(script) == ["POST", "GET", "GET", "GET", "POST"]


def test_412_twice_with_nothing_there_waits(courier, script):
    script.post(412).post(412)
    refused(courier, Category.UNAVAILABLE)
    assert methods(script).count("POST") == 2


def test_412_with_one_of_each_there_is_found(courier, script):
    script.post(412).holds(REPORT, TASK, PROVENANCE)
    assert courier.deliver(document(), 1).how == "found"
    assert methods(script).count("POST") == 1


def test_412_with_two_there_is_for_a_person(courier, script):
    script.post(412).holds(REPORT, REPORT, TASK, PROVENANCE)
    refused(courier, Category.CONFLICT)
    assert methods(script).count("POST") == 1


# -- what is dialled -----------------------------------------------------------------------------


def test_a_destination_that_nobody_configured(courier, script):
    refused(courier, Category.NOT_FOUND, document(destination="elsewhere"))
    assert script.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST", "url": "http://127.0.0.1:9/fhir/Device", "ifNoneExist": "identifier=a%7Cb"},
        {
            "method": "POST",
            "url": "http://127.0.0.1.else.example/fhir/Device",
            "ifNoneExist": "identifier=a%7Cb",
        },
        {"method": "POST", "url": "//127.0.0.1/Device", "ifNoneExist": "identifier=a%7Cb"},
        {"method": "POST", "url": "../Device", "ifNoneExist": "identifier=a%7Cb"},
        {"method": "POST", "url": "Device"},
        {"method": "PUT", "url": "Task/1"},
        {"method": "PUT", "url": "../Task?identifier=a%7Cb"},
        {"method": "PUT", "url": "Task?identifier=a b"},
        {"method": "DELETE", "url": "Task?identifier=a%7Cb"},
    ],
)
def test_a_document_with_another_origin_or_unrepeatable_entries_is_not_sent(courier, script, request_):
    """F-132: nor is anything sent to a host that only begins like the configured one."""
    refused(courier, Category.FORBIDDEN, document([(TASK, request_)]))
    assert script.asked == []


@pytest.mark.parametrize(
    "content", [b"", b"MSH|^~\\&|", b'{"resourceType":"Bundle","type":"batch","entry":[]}']
)
def test_what_is_no_transaction_is_not_sent(courier, script, content):
    refused(courier, Category.UNPROCESSABLE, Document("d", "opinion", "ehr", MEDIA_TYPE, content))
    assert script.asked == []


def test_a_base_may_end_with_a_slash(base, script):
    script.post(200, answered()).holds(REPORT, TASK, PROVENANCE)
    courier = courier_to(f"{base}/")
    courier.deliver(document(), 1)
    courier.deliver(document(), 2)
    assert [path.partition("?")[0] for _, path, *_ in script.asked] == [
        "/fhir",
        "/fhir/DiagnosticReport",
        "/fhir/Task",
        "/fhir/Provenance",
    ]


def test_a_proxy_of_the_environment_is_not_used(courier, script, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    script.post(200, answered())
    assert courier.deliver(document(), 1).how == "accepted"


# -- peers that do not answer --------------------------------------------------------------------


def test_connection_refused():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        refused(courier_to(f"http://127.0.0.1:{port}/fhir"), Category.UNAVAILABLE)


def test_a_peer_that_hangs_up_without_an_answer(courier, script):
    def hang_up(handler):
        handler.close_connection = True

    script.post(0, hang_up)
    refused(courier, Category.UNAVAILABLE)


def test_an_answer_cut_short_is_no_answer(courier, script):
    def half(handler):
        body = answered()
        handler.send_response_only(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[:-20])
        handler.close_connection = True

    script.post(0, half)
    refused(courier, Category.UNAVAILABLE)


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_peer_that_drips_is_cut_off(base, script, where):
    """Each byte comes within the read time-out, so only the bound on the whole can end it."""
    hung_up = threading.Event()

    def drip(handler):
        stop = threading.Event()
        if where == "body":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            try:
                handler.wfile.write(b"X")
                handler.wfile.flush()
            except OSError:
                hung_up.set()
                return
            stop.wait(0.05)

    script.post(0, drip)
    refused(courier_to(base, seconds=0.2), Category.UNAVAILABLE)
    assert hung_up.wait(10)
