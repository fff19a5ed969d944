"""Bytes in, whole requests out, wherever the bytes are cut."""

from __future__ import annotations

import random
from functools import partial

import pytest

from server.porch.intake import Intake, WholeRequest
from server.porch.limits import KIB, PorchLimits
from server.porch.reasons import Reason, Refusal
from server.porch.spool import Memory, Spool

LIMITS = PorchLimits(body_bytes=64 * KIB, spool_bytes=4 * KIB)
MEMORY = Memory(LIMITS.memory_bytes)

BODY = bytes(range(256)) * 40
REQUESTS = (
    (b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"),
    (
        b"POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345",
        b"POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12345",
    ),
    (
        b"POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2800\r\n"
        + BODY
        + b"\r\n0\r\n\r\n",
        b"POST /3 HTTP/1.1\r\nHost: h\r\nContent-Length: 10242\r\n\r\nab" + BODY,
    ),
    (
        b"\r\nPOST /4 HTTP/1.1\r\nHost: h\r\nContent-Length: 10240\r\n\r\n" + BODY,
        b"POST /4 HTTP/1.1\r\nHost: h\r\nContent-Length: 10240\r\n\r\n" + BODY,
    ),
    (
        b"POST /5 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /5 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    ),
    (
        b"POST /6 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
        b"POST /6 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
    ),
)
WIRE = b"".join(sent for sent, _ in REQUESTS)
READ = [read for _, read in REQUESTS]


def intake(limits: PorchLimits = LIMITS) -> Intake:
    return Intake(limits, partial(Spool, limits, MEMORY))


def everything(request: WholeRequest) -> bytes:
    """As it would look on the wire if it had come in the plainest way."""
    head, body = request.head, request.content().read()
    assert request.length == len(body)
    fields = b"".join(f"{name.title()}: {value}\r\n".encode() for name, value in head.handed_on(len(body)))
    request.close()
    return b"%s %s HTTP/1.%d\r\n%s\r\n%s" % (head.method, head.target, head.minor, fields, body)


def receive(wire: bytes, sizes: random.Random) -> list[bytes]:
    """As the loop does it: at most ``room`` bytes at a time, and nothing while a request is being served."""
    inlet, got, at = intake(), [], 0
    while at < len(wire):
        size = min(inlet.room, sizes.choice((1, 2, 3, 50, 5000)))
        assert size > 0
        inlet.feed(wire[at : at + size])
        at += size
        while (request := inlet.take()) is not None:
            got.append(everything(request))
            inlet.feed(b"")
    assert inlet.empty
    return got


@pytest.mark.parametrize("seed", range(20))
def test_pipelined_requests_come_out_in_order_however_they_are_cut(seed: int) -> None:
    assert receive(WIRE, random.Random(seed)) == READ
    assert MEMORY.held == 0


def test_a_request_is_not_whole_before_its_last_byte() -> None:
    for sent, _ in REQUESTS:
        inlet = intake()
        for at in range(len(sent) - 1):
            inlet.feed(sent[at : at + 1])
            assert inlet.take() is None
        inlet.feed(sent[-1:])
        request = inlet.take()
        assert request is not None
        request.close()


def test_a_body_of_known_length_is_never_read_past_its_end() -> None:
    inlet = intake()
    inlet.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n123")
    assert inlet.room == 2
    inlet.close()


@pytest.mark.parametrize(
    ("wire", "wanted"),
    [
        (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n1", False),
        (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n", False),
    ],
)
def test_continue_is_wanted_only_while_nothing_of_the_body_has_come(wire: bytes, *, wanted: bool) -> None:
    inlet = intake()
    inlet.feed(wire)
    assert inlet.wants_continue is wanted
    inlet.close()


def test_a_length_over_the_limit_is_refused_with_its_head() -> None:
    with pytest.raises(Refusal) as caught:
        intake().feed(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n")
    assert caught.value.reason is Reason.BODY_TOO_LARGE


def test_a_body_that_finds_no_folder_is_an_os_error(tmp_path) -> None:
    limits = PorchLimits(spool_bytes=10, spool_folder=str(tmp_path / "missing"))
    inlet = intake(limits)
    inlet.feed(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\n")
    with pytest.raises(FileNotFoundError):
        inlet.feed(b"1" * 50)
    inlet.close()
    assert MEMORY.held == 0


ROOMY = PorchLimits(body_bytes=10, roomy_path=b"/dicom-web/studies", roomy_bytes=100)


@pytest.mark.parametrize(
    ("target", "length", "taken"),
    [
        (b"/dicom-web/studies", 100, True),
        (b"/dicom-web/studies/1.2", 100, True),
        (b"/dicom-web/studies", 101, False),
        (b"/fhir/Binary", 10, True),
        (b"/fhir/Binary", 11, False),
        (b"/fhir/dicom-web/studies", 11, False),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_below_one_path_bodies_may_be_larger(target: bytes, length: int, chunked: bool, taken: bool) -> None:
    body = b"x" * length
    head = b"POST " + target + b" HTTP/1.1\r\nHost: h\r\n"
    if chunked:
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (length, body)
    else:
        sent = head + b"Content-Length: %d\r\n\r\n%s" % (length, body)
    intake = Intake(ROOMY, partial(Spool, ROOMY, MEMORY))
    if taken:
        intake.feed(sent)
        request = intake.take()
        assert request is not None
        assert request.length == length
        request.close()
    else:
        with pytest.raises(Refusal) as refused:
            intake.feed(sent)
        assert refused.value.reason is Reason.BODY_TOO_LARGE
        intake.close()


def test_a_larger_body_may_take_longer() -> None:
    assert ROOMY.of(b"/dicom-web/studies").body_seconds > ROOMY.of(b"/fhir").body_seconds
    assert ROOMY.of(b"/fhir") is ROOMY
    assert PorchLimits().of(b"/dicom-web/studies") == PorchLimits()
