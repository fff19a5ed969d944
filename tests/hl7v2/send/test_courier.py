"""The sender and a system on a real line: one connection, every answer, and none."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.peers.ris import Ris
from conformance.peers.ris_faults import RisFault, Trouble
from server.errors import Category
from server.hl7v2.send.courier import MllpCourier
from server.model import AckMode, Document, Hl7Terms, Trust
from server.ports import Undelivered
from tests.certificates import Authority
from tests.hl7v2.send.conftest import TERMS, document, told


def refused(courier: MllpCourier, sent: Document) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        courier.deliver(sent)
    return caught.value


def test_messages_go_over_one_connection(ris: Ris, courier: MllpCourier) -> None:
    for number in range(3):
        assert courier.deliver(document(f"SR{number}")).how == "CA"
    assert ris.connections == 1
    assert list(ris.kept) == ["SR0", "SR1", "SR2"]
    assert ris.came[0] == document("SR0").content


def test_original_mode_is_answered_aa(ris: Ris) -> None:
    courier = MllpCourier([told(ris.port, replace(TERMS, mode=AckMode.ORIGINAL))])
    assert courier.deliver(document(asks="")).how == "AA"
    courier.close()


def test_both_answers_of_enhanced_mode(ris: Ris) -> None:
    courier = MllpCourier([told(ris.port, replace(TERMS, application_answer=True))])
    assert courier.deliver(document(asks="AL|AL")).how == "AA"
    courier.close()


def test_a_connection_that_the_system_has_closed_is_opened_anew(ris: Ris, courier: MllpCourier) -> None:
    ris.faults.add(RisFault(Trouble.THEN_CLOSE))
    courier.deliver(document("SR1"))
    until_closed(ris)
    courier.deliver(document("SR2"))
    assert (ris.connections, len(ris.came)) == (2, 2)


def until_closed(ris: Ris) -> None:
    deadline = time.monotonic() + 10
    while ris.lines:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_hangs_up_as_we_write_is_called_again_at_once(ris: Ris, courier: MllpCourier) -> None:
    courier.deliver(document("SR1"))
    ris.faults.add(RisFault(Trouble.CLOSE))
    assert courier.deliver(document("SR2")).how == "CA"
    assert ris.connections == 2
    assert ris.came[1:] == [document("SR2").content] * 2


def test_what_comes_unasked_is_not_kept_and_hangs_nobody_up(ris: Ris, courier: MllpCourier) -> None:
    for number in range(3):
        assert courier.deliver(document(f"SR{number}", asks="AL|AL")).how == "CA"
    assert ris.connections == 1


@pytest.mark.parametrize("kind", [Trouble.GARBAGE, Trouble.SLOWLY])
def test_the_right_answer_is_waited_for(ris: Ris, courier: MllpCourier, kind: Trouble) -> None:
    ris.faults.add(RisFault(kind))
    assert courier.deliver(document()).how == "CA"


@pytest.mark.parametrize(
    ("kind", "kept"),
    [
        (Trouble.SILENCE, 0),
        (Trouble.SILENCE_AFTER, 1),
        (Trouble.CLOSE, 0),
        (Trouble.CLOSE_AFTER, 1),
        (Trouble.ONLY_GARBAGE, 0),
    ],
)
def test_without_an_answer_the_same_bytes_go_again(ris: Ris, kind: Trouble, kept: int) -> None:
    courier = MllpCourier([told(ris.port, seconds=0.3)])
    ris.faults.add(RisFault(kind))
    problem = refused(courier, document())
    assert problem.category is Category.UNAVAILABLE
    assert len(ris.kept) == kept
    assert courier.deliver(document(), 2).how == "CA"
    assert ris.came == [document().content] * 2
    assert len(ris.kept) == 1
    courier.close()


def test_a_late_answer_is_not_taken_for_that_of_the_next(ris: Ris) -> None:
    courier = MllpCourier([told(ris.port, seconds=0.3)])
    ris.faults.add(RisFault(Trouble.SILENCE))
    refused(courier, document("SR1"))
    courier.deliver(document("SR2"))
    assert ris.connections == 2, "whose answer is still to come is on the first"
    courier.close()


@pytest.mark.parametrize("code", ["AE", "CE", "AR"])
def test_a_refusal_is_told_in_the_partners_words(ris: Ris, courier: MllpCourier, code: str) -> None:
    ris.faults.add(RisFault(Trouble.REFUSE, code=code, error="101", words="order is not known"))
    problem = refused(courier, document())
    assert problem.category is Category.UNPROCESSABLE
    assert str(problem).endswith(
        f"the system answered {code} with 101: it refuses the message; mend the cause, then send again; "
        "it says: order is not known"
    )
    courier.deliver(document("SR2"))
    assert ris.connections == 1, "who has answered is spoken to on"


def test_a_system_that_is_down_is_tried_again(ris: Ris, courier: MllpCourier) -> None:
    ris.faults.add(RisFault(Trouble.REFUSE, code="AR", error="207", words="going down"))
    assert refused(courier, document()).category is Category.UNAVAILABLE
    ris.stop()
    problem = refused(courier, document())
    assert (problem.category, "cannot be reached" in str(problem)) == (Category.UNAVAILABLE, True)
    ris.start()
    assert courier.deliver(document(), 3).how == "CA"


def test_nobody_else_is_dialled(courier: MllpCourier) -> None:
    assert refused(courier, replace(document(), destination="pacs")).category is Category.NOT_FOUND
    fhir = replace(document(), media_type="application/fhir+json")
    assert refused(courier, fhir).category is Category.UNPROCESSABLE


def test_threads_take_turns_on_the_one_connection(ris: Ris, courier: MllpCourier) -> None:
    sent = [document(f"SR{number}") for number in range(20)]
    threads = [threading.Thread(target=courier.deliver, args=(each,)) for each in sent]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert (ris.connections, len(ris.kept)) == (1, 20)


def test_who_has_no_turn_in_time_waits_in_the_queue(ris: Ris) -> None:
    courier = MllpCourier([told(ris.port, seconds=0.2)])
    ris.faults.add(RisFault(Trouble.SILENCE, count=2))
    found: list[str] = []

    def deliver(control: str) -> None:
        found.append(str(refused(courier, document(control))))

    threads = [threading.Thread(target=deliver, args=(f"SR{number}",)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    assert any("before this one" in each for each in found)
    courier.close()


# -- TLS ----------------------------------------------------------------------------------------


def secured(port: int, trust: Trust, terms: Hl7Terms = TERMS) -> MllpCourier:
    return MllpCourier([replace(told(port, terms), trust=trust)])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def server_side(authority: Authority) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.signs("ris"))
    context.load_verify_locations(authority.file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def test_both_sides_show_certificates(authority: Authority) -> None:
    certificate, key = authority.signs("us")
    trust = Trust(str(authority.file), str(certificate), str(key))
    with Ris(tls=server_side(authority)) as ris:
        courier = secured(ris.port, trust)
        for number in range(3):
            assert courier.deliver(document(f"SR{number}")).how == "CA"
        assert (ris.connections, len(ris.shown)) == (1, 1)
        courier.close()


def test_a_certificate_of_somebody_else_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path, "other")
    with Ris(tls=server_side(authority)) as ris:
        courier = secured(ris.port, Trust(str(other.file)))
        problem = refused(courier, document())
        assert (problem.category, "not one that is believed" in str(problem)) == (Category.UNAVAILABLE, True)
        assert not ris.came
        courier.close()


def test_who_shows_none_is_not_let_in_and_tries_again_later(authority: Authority) -> None:
    """TLS 1.3 tells it with the first bytes that are read."""
    with Ris(tls=server_side(authority)) as ris:
        courier = secured(ris.port, Trust(str(authority.file)))
        assert refused(courier, document()).category is Category.UNAVAILABLE
        assert not ris.came
        courier.close()


def test_files_that_are_gone_are_told_of(ris: Ris, tmp_path: Path) -> None:
    courier = secured(ris.port, Trust(str(tmp_path / "gone.pem")))
    assert "check tells which" in str(refused(courier, document()))


def answering(behave: Callable[[socket.socket, bytes], None]) -> int:
    """A port behind which one connection is told what ``behave`` makes of a message."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with listener, listener.accept()[0] as line:
            came = b""
            while not came.endswith(b"\x1c\r") and (data := line.recv(4096)):
                came += data
            behave(line, came.split(b"|")[9])
            line.settimeout(5)
            with suppress(OSError):
                line.recv(1)

    threading.Thread(target=answer, daemon=True).start()
    return int(listener.getsockname()[1])


def acked(control: bytes) -> bytes:
    return b"\x0bMSH|^~\\&|EHR||||20260105||ACK|1|P|2.5.1\rMSA|CA|%b\r\x1c" % control


@pytest.mark.parametrize("after", [b"", b"\n", b"\r\x04", b"\r\x1c\r"])
def test_an_answer_that_ends_sloppily_is_an_answer(after: bytes) -> None:
    """FS and the end, or what it is followed by: the message is there, and would be sent for days."""

    def behave(line: socket.socket, control: bytes) -> None:
        line.sendall(acked(control) + after)
        line.shutdown(socket.SHUT_WR)

    courier = MllpCourier([told(answering(behave), seconds=2.0)])
    assert courier.deliver(document()).how == "CA"
    courier.close()


def test_a_message_that_asks_for_no_answer_waits_for_none() -> None:
    """MSH-15 and MSH-16 are NE in an application acknowledgement (section 2.9.3.2): nobody answers it."""
    courier = MllpCourier([told(answering(lambda _line, _control: None), seconds=0.5)])
    courier.deliver(document(asks="NE|NE"))
    courier.close()
