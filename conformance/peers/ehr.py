"""A small real EHR: its own FHIR endpoint, a chart to look at, and the sender of requests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from conformance.peers import chart
from conformance.peers.client import FhirClient
from conformance.peers.codes import Resource
from conformance.peers.door import Door
from conformance.peers.faults import Fault, FaultPlan, Kind, read_fault
from conformance.peers.listener import Listener, Request
from conformance.peers.login import CONFIGURATION_PATH, TOKEN_PATH, Gate
from conformance.peers.request import Entry, Lab, ReadRequest, bundle, entries, observation
from conformance.peers.search import parse
from conformance.peers.sending import Tell, renamed, send_singly, send_together, took
from conformance.peers.shelf import Shelf
from conformance.peers.transaction import carry_out
from conformance.peers.wire import Answer, Refused, decode_object, encode, outcome

SYSTEM = "https://ehr.example"
"""Namespace of this EHR's identifiers: ``/patient``, ``/observation``, ``/report``, ``/task``."""


def _nothing(_: datetime, __: str) -> None:
    return


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the second reader took it."""

    request: ReadRequest
    names: Mapping[str, str]
    """fullUrl -> ``Type/id`` at the second reader."""
    task: str
    patient: str


class Ehr:
    """The program. ``start`` opens the endpoint; use it as a context manager to close it again."""

    def __init__(
        self, host: str = "127.0.0.1", port: int = 8090, system: str = SYSTEM, gate: Gate | None = None
    ) -> None:
        """With a ``gate``, whoever speaks FHIR here shows a token that was got at it."""
        self.system = system
        self.gate = gate
        self.shelf = Shelf()
        self.faults = FaultPlan()
        self._door = Door(self.shelf)
        self._listener = Listener(host, port, self._respond)
        self._stopping = threading.Event()
        self._timer: threading.Timer | None = None

    @property
    def root(self) -> str:
        return f"http://{self._listener.host}:{self._listener.port}"

    @property
    def base(self) -> str:
        return f"{self.root}/fhir"

    @property
    def is_up(self) -> bool:
        return self._listener.is_open

    @property
    def port(self) -> int:
        return self._listener.port

    def start(self) -> Self:
        """Open the endpoint.

        Raises:
            CannotListen: the port is taken or not ours.
        """
        self._listener.open()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._timer is not None:
            self._timer.cancel()
        self._listener.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- the sender ------------------------------------------------------------------------

    def send_case(
        self, request: ReadRequest, to: FhirClient, *, together: bool = False, tell: Tell = _nothing
    ) -> Sent:
        """Write the case into our own chart, then ask the second reader.

        Everything is a conditional create, so the call may be repeated after a failure
        without making doubles. ``together`` sends one transaction Bundle, else one by one.

        Raises:
            NotDone: the second reader refused or did not answer.
        """
        made = entries(request, self.system)
        carry_out(self.shelf, bundle(made))
        names = send_together(made, to, tell) if together else send_singly(made, to, {}, tell)
        patient = next(each for each in made if each.resource["resourceType"] == "Patient")
        return Sent(request, names, names[made[-1].full_url], names[patient.full_url])

    def keep_case(self, request: ReadRequest, owner: Resource) -> str:
        """Write the case into our own chart, its Task for ``owner`` to find there; returns ``Task/id``."""
        *others, task = entries(request, self.system)
        kept = replace(task, resource=task.resource | {"owner": owner})
        answered = carry_out(self.shelf, bundle((*others, kept)))["entry"]
        return str(answered[-1]["response"]["location"].partition("/_history/")[0])

    def keep_chart(self, request: ReadRequest) -> None:
        """What a case is about, into our own chart; another system asks the second reader."""
        *others, _ = entries(request, self.system)
        carry_out(self.shelf, bundle(tuple(others)))

    def keep_later(self, lab: Lab, request: ReadRequest) -> None:
        """A value that was missing, into our own chart."""
        made = observation(lab, request, self.system)
        named = f"identifier={self.system}/patient|P-{request.token}"
        own = self.shelf.search("Patient", parse(named))[0]
        subject = made.resource["subject"]["reference"]
        carry_out(self.shelf, bundle((renamed(made, {subject: own.reference}),)))

    def send_later(self, lab: Lab, sent: Sent, to: FhirClient, tell: Tell = _nothing) -> None:
        """A value that was missing when the case was sent.

        Raises:
            NotDone: the second reader refused or did not answer.
        """
        made = observation(lab, sent.request, self.system)
        subject = made.resource["subject"]["reference"]
        self.keep_later(lab, sent.request)
        send_singly((made,), to, {subject: sent.patient}, tell)

    def sign_later(self, sent: Sent, to: FhirClient, tell: Tell = _nothing) -> None:
        """The first report, which was sent unsigned, is final from now on.

        Under If-Match with the version that its creation made: a report of an open case is shown to nobody.

        Raises:
            NotDone: the second reader refused or did not answer.
        """
        request = replace(sent.request, signed=True, signed_at=datetime.now(UTC))
        made = next(
            e for e in entries(request, self.system) if e.resource["resourceType"] == "DiagnosticReport"
        )
        self._keep_signed(made)
        name, began = sent.names[made.full_url], datetime.now(UTC)
        report = renamed(made, sent.names).resource | {"id": name.partition("/")[2]}
        reply = to.update(report, 'W/"1"')
        tell(began, f"signs: PUT {name}: {reply.status}{took(began)}")

    def _keep_signed(self, made: Entry) -> None:
        """The same in our own chart."""
        own = self.shelf.search("DiagnosticReport", parse(made.condition))[0]
        signed = own.body | {name: made.resource[name] for name in ("status", "issued")}
        put = {"resource": signed, "request": {"method": "PUT", "url": own.reference}}
        carry_out(self.shelf, {"resourceType": "Bundle", "type": "transaction", "entry": [put]})

    # -- faults ----------------------------------------------------------------------------

    def inject(self, fault: Fault) -> None:
        """Let the next requests meet this fault; ``down`` acts at once."""
        if fault.kind is Kind.DOWN:
            self.down(fault.seconds)
        else:
            self.faults.add(fault)

    def down(self, seconds: float | None = None) -> None:
        """Close the listening socket; open it again after ``seconds``, or when ``up`` is called."""
        self._listener.close()
        if self._timer is not None:
            self._timer.cancel()
        if seconds is not None:
            self._timer = threading.Timer(seconds, self.up)
            self._timer.daemon = True
            self._timer.start()

    def up(self) -> None:
        if not self._stopping.is_set():
            self._listener.open()

    # -- the endpoint ----------------------------------------------------------------------

    def _respond(self, request: Request) -> Answer | None:
        if self.gate is not None:
            match request.method, request.path:
                case "GET", path if path == CONFIGURATION_PATH:
                    return self.gate.configuration(self.root)
                case "POST", path if path == TOKEN_PATH:
                    return self.gate.exchange(request, self.root)
            if request.path.startswith("/fhir") and request.path != "/fhir/metadata":
                self.gate.demand(request)
        if request.path == "/fhir" or request.path.startswith("/fhir/"):
            return self._through_faults(request, self.faults.take(request.method))
        return self._beside(request)

    def _beside(self, request: Request) -> Answer:
        match request.method, request.path:
            case "GET" | "HEAD", "/":
                return Answer(200, chart.page(self.shelf, self.base).encode(), "text/html")
            case "GET", "/health":
                return _json({"status": "up"})
            case "GET", "/ledger":
                return _json(self.shelf.ledger())
            case "GET", "/faults":
                return _json({"waiting": self.faults.waiting()})
            case "POST", "/faults":
                return self._new_fault(request)
            case "DELETE", "/faults":
                self.faults.clear()
                return _json({"waiting": []})
        raise Refused(404, "not-found", "here are: /fhir, /, /health, /ledger and /faults")

    def _new_fault(self, request: Request) -> Answer:
        fault = read_fault(decode_object(request.body))
        said = encode({"accepted": fault.describe()})
        # ``down`` closes this very connection, so the answer has to leave first.
        return Answer(200, said, "application/json", afterwards=lambda: self.inject(fault))

    def _through_faults(self, request: Request, fault: Fault | None) -> Answer | None:
        if fault is None:
            return self._door.answer(request, self.base)
        before = _instead_of_answer(fault)
        if before is not None:
            return before
        if fault.kind is Kind.SLOW:
            self._stopping.wait(fault.seconds)
        answer = self._door.answer(request, self.base)
        if fault.kind is Kind.ERROR_AFTER:
            return Answer(500, encode(outcome("exception", "something broke after the commit")))
        if fault.kind is Kind.SILENCE_AFTER:
            self._stopping.wait(fault.seconds)
            return None
        return answer


def _instead_of_answer(fault: Fault) -> Answer | None:
    """The answer of faults that strike before anything is written."""
    match fault.kind:
        case Kind.ERROR_BEFORE:
            return Answer(500, encode(outcome("exception", "something broke before the commit")))
        case Kind.PRECONDITION:
            return Answer(412, encode(outcome("multiple-matches", "the condition matches several")))
        case Kind.BUSY:
            wait = {"Retry-After": str(max(1, round(fault.seconds)))}
            return Answer(429, encode(outcome("throttled", "too many requests")), headers=wait)
        case Kind.HTML:
            return Answer(200, b"<!doctype html><title>Sign in</title><h1>Sign in</h1>", "text/html")
    return None


def _json(value: Any) -> Answer:
    return Answer(200, encode(value), "application/json")
