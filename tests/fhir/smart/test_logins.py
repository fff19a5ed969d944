"""Tokens over real sockets: at the EHR peer, and at endpoints that misbehave."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from conformance.peers.ehr import Ehr
from conformance.peers.login import Gate
from server.errors import Category
from server.fhir.courier import FhirCourier
from server.fhir.smart.logins import Logins
from server.model import Destination, Document, Login
from server.ports import Undelivered
from tests.access.keys import rsa

SYSTEM = "https://second-reader.example/fhir/opinion-report"


class Clock:
    """The real time, moved forward on request."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def written(folder: Path, key: Any, name: str = "login.jwk.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(key.as_dict(private=True)))
    return path


def public(key: Any) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False)]}


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-384", {"kid": kid})


def document(number: int = 1) -> Document:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "partial",
        "identifier": [{"system": SYSTEM, "value": f"u-{number}"}],
    }
    request = {
        "method": "POST",
        "url": "DiagnosticReport",
        "ifNoneExist": f"identifier={SYSTEM}%7Cu-{number}",
    }
    entry = [{"fullUrl": f"urn:uuid:{number}", "resource": report, "request": request}]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entry}
    return Document(f"d{number}", "opinion", "ehr", "application/fhir+json", json.dumps(bundle).encode())


def destination(base: str, key: Path, token_url: str = "", seconds: float = 5.0) -> Destination:
    login = Login("second-reader", str(key), "system/*.crus", token_url)
    return Destination("ehr", base, ("https://ehr.example/task",), timedelta(seconds=seconds), login)


@pytest.fixture
def gate() -> Gate:
    return Gate({"second-reader": public(rsa())})


@pytest.fixture
def ehr(gate: Gate) -> Iterator[Ehr]:
    with Ehr(port=0, gate=gate) as program:
        yield program


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def courier(ehr: Ehr, tmp_path: Path, clock: Clock) -> FhirCourier:
    return FhirCourier([destination(ehr.base, written(tmp_path, rsa()))], Logins(clock))


def test_without_a_token_nobody_comes_in(ehr: Ehr, tmp_path: Path, clock: Clock) -> None:
    bare = Destination("ehr", ehr.base, ("https://ehr.example/task",), timedelta(seconds=5))
    with pytest.raises(Undelivered) as refused:
        FhirCourier([bare], Logins(clock)).deliver(document())
    assert refused.value.category is Category.FORBIDDEN


def test_one_token_serves_many_deliveries(courier: FhirCourier, gate: Gate) -> None:
    assert courier.deliver(document(1)).status == 200
    assert courier.deliver(document(2), attempt=2).how == "accepted"
    assert gate.issued == 1


def test_the_token_endpoint_may_be_named(ehr: Ehr, tmp_path: Path, clock: Clock, gate: Gate) -> None:
    known = destination(ehr.base, written(tmp_path, rsa()), f"{ehr.root}/auth/token")
    assert FhirCourier([known], Logins(clock)).deliver(document()).how == "accepted"
    assert gate.issued == 1


def test_a_token_that_is_about_to_end_is_replaced(courier: FhirCourier, gate: Gate, clock: Clock) -> None:
    gate.lifetime = 40
    courier.deliver(document(1))
    clock.ahead = timedelta(seconds=29)
    courier.deliver(document(2))
    assert gate.issued == 1
    clock.ahead = timedelta(seconds=31)
    courier.deliver(document(3))
    assert gate.issued == 2


def test_a_token_that_is_refused_is_replaced_once(courier: FhirCourier, gate: Gate, ehr: Ehr) -> None:
    courier.deliver(document(1))
    gate.revoke()
    assert courier.deliver(document(2)).how == "accepted"
    assert gate.issued == 2
    assert len(ehr.shelf.search("DiagnosticReport", ())) == 2


def test_who_is_refused_with_a_new_token_too_waits_for_a_person(courier: FhirCourier, gate: Gate) -> None:
    gate.lifetime = 0  # over as soon as it is given
    with pytest.raises(Undelivered) as refused:
        courier.deliver(document())
    assert refused.value.category is Category.FORBIDDEN
    assert gate.issued == 2


def test_a_key_that_is_not_known_is_tried_again_later(
    ehr: Ehr, gate: Gate, tmp_path: Path, clock: Clock
) -> None:
    key = new_key("fresh")
    courier = FhirCourier([destination(ehr.base, written(tmp_path, key))], Logins(clock))
    with pytest.raises(Undelivered, match="invalid_client") as refused:
        courier.deliver(document())
    assert refused.value.category is Category.UNAVAILABLE
    gate.register("second-reader", public(key))
    assert courier.deliver(document(), attempt=2).how == "accepted"


def test_a_key_is_changed_by_replacing_its_file(courier: FhirCourier, gate: Gate, tmp_path: Path) -> None:
    courier.deliver(document(1))
    key = new_key("second")
    gate.register("second-reader", public(key))
    written(tmp_path, key)
    gate.revoke()
    courier.deliver(document(2))
    assert (gate.issued, gate.refused) == (2, 0)


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_text("{")])
def test_a_key_that_went_bad_is_an_ordinary_failure(courier: FhirCourier, tmp_path: Path, spoil: Any) -> None:
    spoil(tmp_path / "login.jwk.json")
    with pytest.raises(Undelivered, match="private key") as failed:
        courier.deliver(document())
    assert failed.value.category is Category.UNAVAILABLE


def test_threads_share_one_token(courier: FhirCourier, gate: Gate) -> None:
    threads = [threading.Thread(target=courier.deliver, args=(document(n),)) for n in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert gate.issued == 1


# -- endpoints that misbehave --------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.server.behave(self)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        pass


class _Endpoint(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, behave: Any) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behave = behave
        self.asked: list[str] = []

    def handle_error(self, *_: Any) -> None:
        """The line is cut on some answers; the handler's broken pipe is expected."""


def _says(status: int, body: bytes, **headers: str) -> Any:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def _drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response_only(200)
    handler.end_headers()
    over = threading.Event()
    while not over.wait(0.05):
        handler.wfile.write(b" ")


RIGHT = json.dumps({"access_token": "abc", "token_type": "bearer", "expires_in": 300}).encode()


@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (_says(200, b"<!doctype html>"), "is no token"),
        (_says(200, b" " * 5_000_000 + RIGHT), "is no token"),
        (_says(307, RIGHT, Location="http://127.0.0.1:9/elsewhere"), "a redirect"),
        (_says(500, b""), "HTTP 500"),
        (_drips, "no whole answer"),
        (lambda handler: handler.connection.shutdown(socket.SHUT_RDWR), "no whole answer"),
    ],
    ids=["garbage", "5 MB", "redirect", "error", "drip", "hung up"],
)
def test_an_endpoint_that_misbehaves_is_an_ordinary_failure(
    tmp_path: Path, clock: Clock, behave: Any, said: str
) -> None:
    endpoint = _Endpoint(behave)
    threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    url = f"http://127.0.0.1:{endpoint.server_port}/token"
    known = destination("http://127.0.0.1:9/fhir", written(tmp_path, rsa()), url, seconds=0.5)
    try:
        with pytest.raises(Undelivered, match=said) as failed:
            FhirCourier([known], Logins(clock)).deliver(document())
    finally:
        endpoint.shutdown()
        endpoint.server_close()
    assert failed.value.category is Category.UNAVAILABLE
    assert endpoint.asked == ["/token"]
    assert "abc" not in str(failed.value)


def test_an_endpoint_that_is_away_is_an_ordinary_failure(tmp_path: Path, clock: Clock) -> None:
    known = destination("http://127.0.0.1:9/fhir", written(tmp_path, rsa()), "http://127.0.0.1:9/token")
    with pytest.raises(Undelivered, match="no whole answer") as failed:
        FhirCourier([known], Logins(clock)).deliver(document())
    assert failed.value.category is Category.UNAVAILABLE
