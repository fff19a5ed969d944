"""The catalogue's rows of bad DICOMweb over real sockets: refused in words, nothing kept."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.badinput.call import Call
from tests.badinput.served import Served
from tests.dicom import wire
from tests.dicom.encoded import STUDY, ct, ct_with
from tests.dicom.web.messages import BOUNDARY, CLOSE, RELATED, message, part, part10, picture
from tests.flow.conftest import OnDatabase
from tests.flow.test_bad_input import Before, demand_words

WEB, STUDIES = "/dicom-web", "/dicom-web/studies"
HERE = f"{STUDIES}/{STUDY.decode()}/series/1.2.826.0.1.3680043.8.498.3/instances/{wire.INSTANCE.decode()}"
OTHER, DOSE = wire.INSTANCE + b".7", b"1.2.840.10008.5.1.4.1.1.481.2"
SENT = {"Content-Type": RELATED}
_MIB = 2**20


def stow(id_: str, what: str, status: int, body: bytes, code: str = "", **more: str) -> Call:
    path = STUDIES + more.pop("to", "")
    headers = {"Content-Type": RELATED} | {name.replace("_", "-"): value for name, value in more.items()}
    return Call(id_, what, "POST", path, status, code, body, headers)


def get(id_: str, what: str, status: int, path: str, code: str, **more: str) -> Call:
    headers = {"Content-Type": ""} | {name.replace("_", "-"): value for name, value in more.items()}
    return Call(id_, what, "GET", path, status, code, b"", headers)


ONE = part(part10(instance=OTHER))
CUT = part10(instance=OTHER)[:-100]
CALLS = (
    stow("D-120", "no closing delimiter", 400, ONE, "structure"),
    stow("D-120b", "cut within a part", 400, ONE + ONE[:300], "structure"),
    stow("D-120c", "another boundary than announced", 400, ONE.replace(b"edge", b"fringe"), "structure"),
    stow("D-121", "a boundary of 10 KB", 400, b"", "structure",
         Content_Type=f"multipart/related; boundary={'x' * 10_000}"),
    stow("D-121b", "a million empty parts", 413, b"--edge\r\n\r\n\r\n" * 1_000_000 + CLOSE, "too-costly"),
    stow("D-121c", "no part", 400, CLOSE, "structure"),
    stow("D-121d", "nothing", 400, b"", "structure"),
    stow("D-123", "a part that is no DICOM", 409, message(b"hello")),
    stow("D-123b", "a part of another type", 409, part(part10(instance=OTHER), "text/plain") + CLOSE),
    stow("D-123c", "cut short", 409, message(CUT)),
    stow("D-123d", "a class that is not stored", 409, message(part10(sop_class=DOSE))),
    stow("D-123e", "big endian", 409, message(part10(syntax=wire.BIG_ENDIAN))),
    stow("D-123f", "the file meta information names another", 409, message(part10(ct(), OTHER))),
    stow("D-123g", "file meta information without a syntax", 409, message(part10(syntax=b""))),
    stow("D-123h", "no study", 409, message(part10(ct_with(without=(0x0020000D,))))),
    stow("D-123i", "a UID of letters", 409, message(part10(instance=b"../../etc/passwd"))),
    stow("D-123j", "file meta information without an end", 409, message(part10()[:150])),
    stow("D-125", "application/dicom, not multipart", 415, part10(), "not-supported",
         Content_Type="application/dicom"),
    stow("D-126", "JSON that names an inner host", 415, message(b"[]"), "not-supported",
         Content_Type=f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY}'),
    stow("D-127", "another study than the address", 409, message(part10(instance=OTHER)), to="/9.9"),
    stow("D-127b", "an address that is no UID", 400, message(part10()), "value", to="/..%5c.."),
    get("D-128", "a way out", 404, f"{STUDIES}/..%2f..", "not-found"),
    get("D-128b", "a way out, in letters", 400, f"{STUDIES}/..%5c..", "value"),
    get("D-128c", "a UID of 65 digits", 400, f"{STUDIES}/{'1.' * 33}1", "value"),
    get("D-129b", "a date that is none", 400, f"{STUDIES}?StudyDate=yesterday", "value"),
    get("D-129c", "pages backwards", 400, f"{STUDIES}?offset=-1", "value"),
    get("D-129d", "XML", 406, STUDIES, "not-supported",
        Accept='multipart/related; type="application/dicom+xml"'),
    get("D-129e", "1,000 UIDs", 400, f"{STUDIES}?StudyInstanceUID={'1.2.3,' * 999}x", "value"),
    get("D-130", "frame 999999", 404, f"{HERE}/frames/999999", "not-found"),
    get("D-130b", "a list of many frames", 400, f"{HERE}/frames/{','.join(['1'] * 3_000)}", "too-costly"),
    get("D-130c", "frame 0", 404, f"{HERE}/frames/0", "not-found"),
    get("D-130d", "a frame that is no number", 400, f"{HERE}/frames/1,x", "value"),
    get("D-132", "a syntax into which nothing is put", 406, HERE, "not-supported",
        Accept='multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.90'),
    get("D-132b", "frames as JPEG", 406, f"{HERE}/frames/1", "not-supported",
        Accept="multipart/related; type=image/jpeg"),
    get("D-133", "a viewport of 10^10 pixels", 400, f"{HERE}/rendered?viewport=100000,100000", "value"),
    get("D-133b", "a window without width", 400, f"{HERE}/rendered?window=40,0", "value"),
    get("D-133c", "as a film", 406, f"{HERE}/rendered", "not-supported", Accept="video/mpeg"),
    get("D-133d", "quality 1000", 400, f"{HERE}/rendered?quality=1000", "value"),
    get("R-201", "bulk data that are not there", 404, f"{HERE}/bulkdata/00420011", "not-found"),
    get("R-202", "bulk data by a name", 400, f"{HERE}/bulkdata/PixelData", "value"),
    get("R-203", "a study that is not here", 404, f"{STUDIES}/9.9.9/metadata", "not-found"),
    get("R-204", "an Accept that is none", 400, STUDIES, "value", Accept="json please"),
    Call("R-205", "a study is not deleted", "DELETE", f"{STUDIES}/{STUDY.decode()}", 405, "not-supported"),
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, on_database: OnDatabase) -> Iterator[Served]:
    """It holds one CT image."""
    with Served(tmp_path_factory.mktemp("bad-dicomweb"), **on_database("bad_dicomweb")) as made:
        assert made.ask("POST", STUDIES, message(part10(picture())), SENT).status == 200
        for path in (STUDIES, f"{HERE}/rendered", f"{HERE}/metadata"):  # what is made once is made
            for _ in range(4):
                assert made.ask("GET", path).status == 200
        yield made


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_a_bad_request_is_told_why_and_leaves_nothing(server: Served, call: Call) -> None:
    before = Before(server)
    answer = server.ask(call.method, call.path, call.body, call.headers)
    assert answer.status == call.status, answer.body[:500]
    if call.code:
        demand_words(answer, call.code, call.says)
    before.demand_nothing_happened()


REASONS = {
    "D-123": (0xC000, "no DICOM file"),
    "D-123b": (0xC000, "Content-Type"),
    "D-123c": (0xC000, "longer than what there is of it"),
    "D-123d": (0x0122, "SOP class"),
    "D-123e": (0xC122, "transfer syntax"),
    "D-123f": (0xA900, "UID"),
    "D-123g": (0xC122, "transfer syntax"),
    "D-123h": (0xA900, "UIDs"),
    "D-123i": (0xA900, "UIDs"),
    "D-123j": (0xC000, "file meta information"),
    "D-127": (0xA900, "another study"),
}


@pytest.mark.parametrize("row", REASONS)
def test_each_object_is_told_why(server: Served, row: str) -> None:
    call = next(each for each in CALLS if each.id == row)
    answer = server.ask(call.method, call.path, call.body, call.headers)
    reason, says = REASONS[row]
    failed = answer.json.get("00081198", answer.json.get("0008119A"))["Value"]
    assert [each["00081197"]["Value"] for each in failed] == [[reason]]
    assert says in answer.headers["warning"]
    assert "passwd" not in answer.headers["warning"]


def test_three_good_and_one_bad(server: Served) -> None:
    """D-122."""
    good = [wire.INSTANCE + b".%d" % number for number in (11, 12, 13)]
    bodies = [part10(instance=each) for each in good]
    answer = server.ask("POST", STUDIES, message(*bodies[:2], CUT, bodies[2]), SENT)
    assert answer.status == 202
    stored = [each["00081155"]["Value"][0] for each in answer.json["00081199"]["Value"]]
    assert stored == [each.decode() for each in good]
    (failed,) = answer.json["00081198"]["Value"]
    assert failed["00081155"]["Value"] == [OTHER.decode()]
    assert server.ask("GET", f"{WEB}/instances?SOPInstanceUID={OTHER.decode()}").status == 204
    assert server.ask("GET", f"{WEB}/instances?SOPInstanceUID={good[2].decode()}").status == 200


def test_chunked_is_as_with_a_length(server: Served) -> None:
    """D-124."""
    instance = wire.INSTANCE + b".21"
    body = message(part10(instance=instance))
    chunks = b"".join(
        b"%x\r\n%s\r\n" % (len(body[at : at + 999]), body[at : at + 999]) for at in range(0, len(body), 999)
    )
    head = (
        f"POST {STUDIES} HTTP/1.1\r\nHost: h\r\nContent-Type: {RELATED}\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = server.exchange(head.encode() + chunks + b"0\r\n\r\n")
    assert answer.status == 200
    assert server.ask("GET", f"{WEB}/instances?SOPInstanceUID={instance.decode()}").status == 200


def test_bulk_data_elsewhere_is_never_dialled(server: Served) -> None:
    """D-126."""
    with socket.create_server(("127.0.0.1", 0)) as evil:
        evil.setblocking(False)
        address = f"http://127.0.0.1:{evil.getsockname()[1]}/x"
        told = json.dumps([{"7FE00010": {"vr": "OW", "BulkDataURI": address}}]).encode()
        kind = f'multipart/related; type="application/dicom+json"; boundary={BOUNDARY}'
        answer = server.ask(
            "POST", STUDIES, part(told, "application/dicom+json") + CLOSE, {"Content-Type": kind}
        )
        assert answer.status == 415
        with pytest.raises(BlockingIOError):
            evil.accept()


def test_a_search_for_everything_is_capped(server: Served) -> None:
    """D-129."""
    answer = server.ask("GET", f"{STUDIES}?limit=1000000000&PatientName=*")
    assert answer.status == 200
    assert "At most 1000" in answer.headers["warning"]


def test_a_thousand_ranges_are_answered_with_the_whole(server: Served) -> None:
    """D-131."""
    ranges = ",".join(f"{n}-{n}" for n in range(1_000))
    accept = {"Accept": "application/dicom; transfer-syntax=*", "Range": f"bytes={ranges}"}
    answer = server.ask("GET", HERE, headers=accept)
    assert answer.status == 200
    assert answer.body.endswith(picture())


def test_an_object_that_says_it_is_huge_is_not_decoded(server: Served) -> None:
    """D-132: 65,535 by 65,535 pixels of which there are 512 bytes."""
    instance = wire.INSTANCE + b".31"
    huge = picture(instance, t00280010=b"\xff\xff", t00280011=b"\xff\xff")
    assert server.ask("POST", STUDIES, message(part10(huge, instance)), SENT).status == 200
    address = HERE.replace(wire.INSTANCE.decode(), instance.decode())
    before = server.cpu_seconds()
    for path in ("rendered", "thumbnail", "frames/1/rendered"):
        answer = server.ask("GET", f"{address}/{path}")
        assert answer.status == 406, path
        demand_words(answer, "not-supported", "transfer-syntax=*")
    assert server.ask("GET", f"{address}/frames/1").status == 404
    assert server.cpu_seconds() - before < 1.0


def test_nothing_of_all_this_is_in_the_log(server: Served) -> None:
    log = server.log
    for word in ("Müller", "ller^Ada", "PAT-1", STUDY.decode(), "passwd", "Traceback"):
        assert word not in log


def test_the_rows_are_all_here() -> None:
    told = {each.id[:5] for each in CALLS}
    source = Path(__file__).read_text(encoding="utf-8")
    assert [n for n in range(120, 134) if f"D-{n}" not in told and f'"""D-{n}' not in source] == []
