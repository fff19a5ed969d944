"""The door behind access control: who may do what, what is told of it afterwards, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from server.accesses import Doing, Outcome
from server.caller import EVERYBODY
from server.dicom.web import wado
from server.dicom.web.exchange import Request, Where
from server.errors import Category, fault
from server.image_desk import images_desk
from tests.access.ward import Ward, ward
from tests.dicom import wire
from tests.dicom.encoded import SERIES, STUDY, elements, encode
from tests.dicom.web.messages import RELATED, SEVERAL, message, part10, picture
from tests.world import START

STUDIES = "/dicom-web/studies"
PLACE = f"{STUDIES}/{STUDY.decode()}"
HERE = f"{PLACE}/series/{SERIES.decode()}/instances/{wire.INSTANCE.decode()}"
CLIENTS = {
    "pacs": "system/ImagingStudy.cruds",
    "viewer": "system/ImagingStudy.rs",
    "finder": "system/ImagingStudy.s",
    "modality": "system/ImagingStudy.c",
    "clinic": "system/ImagingStudy.cruds?patient=Patient/p1",
    "lab": "system/Observation.cruds",
    "auditor": "system/AuditEvent.rs",
    "ehr": "system/Patient.cruds system/ImagingStudy.cu",
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path, CLIENTS, roles={"auditor": '["auditor"]'}) as made:
        assert send(made, "pacs").status_code == 200
        yield made


def send(house: Ward, client: str, *contents: bytes) -> Any:
    body = message(*(contents or (part10(picture()),)))
    return ask(house, client, "POST", STUDIES, body, **{"Content-Type": RELATED})


def ask(house: Ward, client: str, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
    if client:
        headers["Authorization"] = f"Bearer {house.token(client, CLIENTS[client])}"
    return house.world.client.open(path, method=method, data=body, headers=headers)


ALLOWED = {
    "search": {"pacs", "viewer", "finder"},
    "fetch": {"pacs", "viewer"},
    "send": {"pacs", "modality"},
}


@pytest.mark.parametrize("client", ["pacs", "viewer", "finder", "modality", "clinic", "lab"])
def test_who_may_do_what(house: Ward, client: str) -> None:
    answers = {
        "search": ask(house, client, "GET", STUDIES),
        "fetch": ask(house, client, "GET", HERE),
        "send": send(house, client),
    }
    for what, answer in answers.items():
        assert answer.status_code == (200 if client in ALLOWED[what] else 403), what
        if answer.status_code == 403:
            (issue,) = json.loads(answer.data)["issue"]
            assert "system/ImagingStudy." in issue["diagnostics"]
            assert ("criteria" in issue["diagnostics"]) is (client == "clinic")


@pytest.mark.parametrize("path", ["", "/metadata", "/thumbnail", "/rendered", "/frames/1"])
def test_nobody_comes_in_without_a_token(house: Ward, path: str) -> None:
    answer = ask(house, "", "GET", f"{HERE}{path}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_what_is_offered_is_open(house: Ward) -> None:
    answer = ask(house, "", "GET", "/dicom-web/")
    assert {"method": "POST", "path": "/studies"} in answer.json["offered"]
    assert "POST" in ask(house, "", "OPTIONS", STUDIES).headers["Allow"]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_every_access_is_laid_down_before_the_answer(house: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    monkeypatch.setattr("server.store.accesses.Accesses.keep", lambda _, accesses: kept.extend(accesses))
    told = [
        (ask(house, "viewer", "GET", f"{STUDIES}?PatientID=PAT-1"), Doing.SEARCH, Outcome.SUCCESS, ""),
        (ask(house, "viewer", "GET", HERE), Doing.READ, Outcome.SUCCESS, STUDY.decode()),
        (ask(house, "viewer", "GET", f"{HERE}/rendered"), Doing.READ, Outcome.SUCCESS, STUDY.decode()),
        (ask(house, "viewer", "GET", f"{STUDIES}/9.9"), Doing.READ, Outcome.MINOR, ""),
        (send(house, "modality"), Doing.CREATE, Outcome.SUCCESS, STUDY.decode()),
        (send(house, "modality", b"no"), Doing.CREATE, Outcome.MINOR, ""),
        (ask(house, "lab", "GET", STUDIES), Doing.SEARCH, Outcome.SERIOUS, ""),
    ]
    assert [(each.doing, each.outcome, each.document) for each in kept] == [row[1:] for row in told]
    assert kept[0].query == f"GET {STUDIES}?PatientID=PAT-1"
    assert {each.client for each in kept} == {"viewer", "modality", "lab"}
    assert [each.request for each in kept] == [row[0].headers["X-Request-Id"] for row in told]


def test_auditors_are_told_of_whom_it_was(house: Ward) -> None:
    """A study that the FHIR door knows leads to its patient (BALP, PatientRead)."""
    patient = {"resourceType": "Patient", "id": "p1", "identifier": [{"system": "urn:x", "value": "1"}]}
    study = {
        "resourceType": "ImagingStudy",
        "id": "s1",
        "status": "available",
        "subject": {"reference": "Patient/p1"},
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{STUDY.decode()}"}],
    }
    for each in (patient, study):
        path = f"/fhir/{each['resourceType']}/{each['id']}"
        headers = {"Content-Type": "application/fhir+json"}
        assert ask(house, "ehr", "PUT", path, json.dumps(each).encode(), **headers).status_code == 201
    assert ask(house, "viewer", "GET", HERE).status_code == 200
    assert ask(house, "viewer", "GET", STUDIES).status_code == 200
    events = ask(house, "auditor", "GET", "/fhir/AuditEvent?patient=Patient/p1&_count=50").json["entry"]
    by_viewer = [each["resource"] for each in events if each["resource"]["agent"][0]["name"] == "viewer"]
    assert {each["subtype"][0]["code"] for each in by_viewer} == {"read", "search"}


def test_an_answer_that_cannot_be_laid_down_is_not_given(
    house: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise fault(Category.UNAVAILABLE, "no-store", "the disk is full")

    monkeypatch.setattr("server.store.accesses.Accesses.keep", full)
    answer = ask(house, "viewer", "GET", HERE)
    assert answer.status_code == 503
    assert b"DICM" not in answer.data


def test_the_same_object_again_is_known_and_other_bytes_are_told_of(house: Ward) -> None:
    assert send(house, "modality").status_code == 200
    other = send(house, "modality", part10(picture(t00280103=b"\1\0")))
    assert other.status_code == 200
    assert "other content" in other.headers["Warning"]
    found = ask(house, "viewer", "GET", HERE, Accept="application/dicom; transfer-syntax=*")
    assert found.data.endswith(picture())
    study = house.world.house.images.study(STUDY.decode())
    assert study is not None
    assert [each.source for each in study.objects] == ["stow:pacs", "stow:modality"]
    assert len(study.contradictions) == 1


def test_a_store_without_room_takes_nothing(house: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.dicom.receive.staging.Staging.has_room", lambda _: False)
    answer = send(house, "modality")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_a_disk_that_fails_is_told_as_such_and_leaves_nothing(
    house: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.store.vault.StagedFile.finish", failing)
    answer = send(house, "modality", part10(picture(instance=wire.INSTANCE + b".5"), wire.INSTANCE + b".5"))
    assert answer.status_code == 503
    (failed,) = answer.json["00081198"]["Value"]
    assert failed["00081197"]["Value"] == [0xA700]
    assert list((house.world.house.settings.data / "staging").iterdir()) == []


def test_a_study_is_read_one_file_after_the_other(house: Ward) -> None:
    for number in range(5):
        instance = wire.INSTANCE + b".%d" % number
        assert send(house, "modality", part10(picture(instance), instance)).status_code == 200
    opened: list[str] = []
    desk = images_desk(house.world.house)

    def opening(digest: str) -> BinaryIO:
        opened.append(digest)
        return desk.open(digest)

    asked = Request("GET", "", (), "", {"accept": SEVERAL}, BytesIO(), START, EVERYBODY, "")
    answer = wado.objects(replace(desk, open=opening), asked, Where(STUDY.decode()))
    pieces = iter(answer.body)
    told = [len(opened) for piece in pieces if piece.startswith(b"--")]
    assert told == [0, 1, 2, 3, 4, 5, 6], "each file is opened when it is sent, and not before"


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        ("*/*", 200, "multipart/related"),
        (SEVERAL, 200, "multipart/related"),
        ('multipart/related; type="application/dicom"', 200, "multipart/related"),
        ("application/dicom", 200, "application/dicom"),
        ("application/json", 406, "application/fhir+json"),
        ("application/zip, application/dicom;q=0.5", 200, "application/dicom"),
    ],
)
def test_in_which_form_an_object_comes(house: Ward, accept: str, status: int, kind: str) -> None:
    answer = ask(house, "viewer", "GET", HERE, Accept=accept)
    assert (answer.status_code, answer.mimetype) == (status, kind)


def test_a_query_can_say_what_is_accepted(house: Ward) -> None:
    answer = ask(house, "viewer", "GET", f"{HERE}/rendered?accept=image/png")
    assert answer.mimetype == "image/png"


def test_metadata_names_what_it_leaves_out(house: Ward) -> None:
    (told,) = ask(house, "viewer", "GET", f"{HERE}/metadata").json
    assert told["00080005"]["Value"] == ["ISO_IR 192"]
    assert told["00100010"]["Value"] == [{"Alphabetic": "Müller^Ada"}]
    address = told["7FE00010"]["BulkDataURI"].partition("/dicom-web")[2]
    got = ask(house, "viewer", "GET", f"/dicom-web{address}", Accept="application/octet-stream")
    assert got.data == bytes(512)
    assert ask(house, "viewer", "GET", f"{HERE}/frames/1", Accept="application/octet-stream").data == bytes(
        512
    )


def test_a_value_that_is_not_what_its_vr_says_is_told_without_it(house: Ward) -> None:
    instance = wire.INSTANCE + b".8"
    sent = part10(picture(instance, t00200013=b"x "), instance)
    assert send(house, "modality", sent).status_code == 200
    (told,) = ask(house, "viewer", "GET", f"{HERE}.8/metadata").json
    assert told["00200013"] == {"vr": "IS"}


PDF = b"1.2.840.10008.5.1.4.1.1.104.1"


def test_d109_a_document_is_never_rendered(house: Ward) -> None:
    """A PDF may hold a script: it goes out as the object that it came as, to be saved."""
    instance = wire.INSTANCE + b".9"
    listed = elements(instance)
    del listed[0x7FE00010], listed[0x00280010], listed[0x00280011]
    listed[0x00080016] = (0x00080016, b"UI", wire.uid(PDF))
    listed[0x00420011] = (0x00420011, b"OB", b"%PDF-1.7 <script>alert(1)</script>")
    listed[0x00420012] = (0x00420012, b"LO", b"application/pdf ")
    assert send(house, "pacs", part10(encode(listed), instance, PDF)).status_code == 200
    at = f"{PLACE}/series/{SERIES.decode()}/instances/{instance.decode()}"
    for rendered in ("/rendered", "/thumbnail", "/frames/1"):
        assert ask(house, "viewer", "GET", f"{at}{rendered}").status_code in (400, 404, 406)
    whole = ask(house, "viewer", "GET", at)
    assert whole.content_type.startswith("multipart/related")
    assert whole.headers["X-Content-Type-Options"] == "nosniff"


def test_d072_a_wildcard_in_an_object_is_a_character(house: Ward) -> None:
    instance = wire.INSTANCE + b".8"
    listed = elements(instance)
    listed[0x00100020] = (0x00100020, b"LO", b"* ")
    listed[0x0020000D] = (0x0020000D, b"UI", b"9.9.9\0")
    assert send(house, "pacs", part10(encode(listed), instance)).status_code == 200
    found = ask(house, "viewer", "GET", f"{STUDIES}?PatientID=PAT-1").json
    assert [each["0020000D"]["Value"] for each in found] == [[STUDY.decode()]]
