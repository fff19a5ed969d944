"""The file of peers: who may call whom, from where; a bad one names file, key and what is allowed."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from server.dicom.peers import Called, Peers, load_peers
from server.dicom.rights import Right
from server.dicom.upper.answer import Rejection
from server.dicom.upper.negotiation import STORAGE_CLASSES
from server.dicom.upper.request import Request, parse_request
from server.errors import Category, Fault
from server.reread import Reread
from tests.dicom import wire

GOOD = """
[[called]]
ae = "SECOND_READER"
peers = ["CT1"]
classes = ["1.2.840.10008.5.1.4.1.1.2"]
max_object = 1000

[[called]]
ae = "SECOND READER"
may = ["find", "store"]

[[peer]]
ae = "CT1"
addresses = ["10.1.2.0/24", "10.1.3.7"]

[[peer]]
ae = "PACS"
addresses = ["fd00::/8"]
may = ["find", "move", "store"]
host = "fd00::7"
port = 104
"""

BOUND = (
    GOOD
    + """
[[peer]]
ae = "CT2"
addresses = ["127.0.0.1"]
certificates = ["%s", "%s"]
"""
)


def request(called: str = "SECOND_READER", calling: str = "CT1") -> Request:
    return parse_request(wire.request(called=called.encode(), calling=calling.encode())[6:])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "peers.toml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize(
    ("called", "calling", "address", "answer"),
    [
        ("SECOND_READER", "CT1", "10.1.2.200", None),
        ("SECOND_READER", "CT1", "10.1.3.7", None),
        ("SECOND_READER", "CT1", "::ffff:10.1.3.7", None),
        ("SECOND READER", "PACS", "fd12::1", None),
        ("SECOND_READER", "CT1", "10.1.3.8", Rejection.CALLING_AE),
        ("SECOND_READER", "CT1", "127.0.0.1", Rejection.CALLING_AE),
        ("SECOND_READER", "PACS", "fd12::1", Rejection.CALLING_AE),
        ("SECOND_READER", "OTHER", "10.1.3.7", Rejection.CALLING_AE),
        ("OTHER", "CT1", "10.1.3.7", Rejection.CALLED_AE),
        ("second_reader", "CT1", "10.1.3.7", Rejection.CALLED_AE),
    ],
)
def test_who_may_call_whom(
    path: Path, called: str, calling: str, address: str, answer: Rejection | None
) -> None:
    found = load_peers(path).admit(request(called, calling), address)
    if answer is None:
        assert isinstance(found, Called)
    else:
        assert found is answer


def test_the_rules_of_a_title(path: Path) -> None:
    found = load_peers(path).called
    assert found is not None
    assert found["SECOND_READER"].classes == {"1.2.840.10008.5.1.4.1.1.2"}
    assert found["SECOND_READER"].max_object == 1000
    assert found["SECOND READER"] == Called(
        "SECOND READER", None, STORAGE_CLASSES, None, frozenset((Right.FIND, Right.STORE))
    )


def test_what_a_peer_may_is_what_both_allow(path: Path) -> None:
    peers = load_peers(path)
    assert peers.called is not None
    ours, narrow = peers.called["SECOND_READER"], peers.called["SECOND READER"]
    assert peers.rights(ours, "PACS") == {Right.FIND, Right.MOVE, Right.STORE}
    assert peers.rights(narrow, "PACS") == {Right.FIND, Right.STORE}
    assert peers.rights(ours, "CT1") == {Right.STORE}, "who is not said to may only store"
    assert peers.rights(ours, "NOBODY") == frozenset()
    assert Peers().rights(ours, "NOBODY") == frozenset(Right)


def test_where_a_peer_takes_what_is_moved(path: Path) -> None:
    peers = load_peers(path).peers
    assert peers is not None
    assert [(each.host, each.port) for each in peers.values()] == [("", 0), ("fd00::7", 104)]


def test_without_a_file_this_machine_may_call_any_title() -> None:
    peers = load_peers(None)
    assert peers == Peers()
    assert isinstance(peers.admit(request("ANY-SCP", "STORESCU"), "127.0.0.1"), Called)
    assert isinstance(peers.admit(request("ANY-SCP", "STORESCU"), "::1"), Called)
    assert peers.admit(request("ANY-SCP", "STORESCU"), "10.1.2.3") is Rejection.CALLING_AE
    assert peers.admit(request("ANY-SCP", "A\\B"), "127.0.0.1") is Rejection.CALLING_AE


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('ae = "CT1"', 'ae = "A\\\\B"', "peer.0.ae: allowed: 1 to 16"),
        ('ae = "CT1"', 'ae = "12345678901234567"', "peer.0.ae: allowed: 1 to 16"),
        ('ae = "CT1"', 'ae = ""', "peer.0.ae: allowed: 1 to 16"),
        ('ae = "CT1"', 'ae = " CT1"', "peer.0.ae: allowed: 1 to 16"),
        ('"10.1.3.7"', '"10.1.3.7/8"', "peer.0.addresses: allowed: addresses and networks"),
        ('"10.1.3.7"', '"secret.example"', "peer.0.addresses: allowed: addresses and networks"),
        ('1.1.2"', '1.1.99"', "called.0.classes.0: allowed: a storage SOP class"),
        ("max_object = 1000", "max_object = 0", "called.0.max_object: allowed: bytes"),
        ("max_object = 1000", 'max_object = "1000"', "called.0.max_object"),
        ("max_object", "most_object", "called.0.most_object"),
        ('peers = ["CT1"]', 'peers = ["SECRET"]', "called.peers: allowed: the ae of a [[peer]]"),
        ('ae = "PACS"', 'ae = "CT1"', "each ae stands in one"),
        ("[[peer]]", "[[peers]]", "peers: "),
        ("[[called]]", "[[called", "is not TOML (at line 2"),
        ('["find", "move", "store"]', '["find", "secret"]', "peer.1.may.1: allowed: store, find, get, move"),
        ('["find", "store"]', '"find"', "called.1.may"),
        ("port = 104", "", "peer.1.port: allowed: both host and port"),
        ("port = 104", "port = 0", "peer.1.port: allowed: 1 to 65535"),
        ('host = "fd00::7"', 'host = "secret.example"', "peer.1.host: allowed: an address such as"),
    ],
)  # fmt: skip
def test_a_bad_file_names_the_key_and_what_is_allowed(path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(Fault) as refused:
        load_peers(path)
    assert refused.value.category is Category.INCORRECT
    assert told in str(refused.value)
    assert str(path) in str(refused.value)
    assert "secret" not in str(refused.value).lower()


def test_a_file_that_is_not_there_or_not_text_is_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Fault, match="not UTF-8"):
        load_peers(path)
    path.unlink()
    with pytest.raises(Fault, match="cannot be read"):
        load_peers(path)


def test_a_changed_file_is_used_and_a_bad_one_is_not(path: Path) -> None:
    told: list[str] = []
    register = Reread(path, load_peers, told.append)
    assert set(register.current().peers or ()) == {"CT1", "PACS"}
    path.write_text(GOOD.replace('"PACS"', '"PACS2"'))
    assert set(register.current().peers or ()) == {"CT1", "PACS2"}
    path.write_text("no")
    assert set(register.current().peers or ()) == {"CT1", "PACS2"}
    path.unlink()
    assert set(register.current().peers or ()) == {"CT1", "PACS2"}
    assert len(told) == 2
    path.write_text(GOOD)
    assert set(register.current().peers or ()) == {"CT1", "PACS"}


def test_a_peer_with_certificates_shows_one_of_them(path: Path) -> None:
    first, second = sha256(b"first").hexdigest(), sha256(b"second").hexdigest().upper()
    colons = ":".join(second[at : at + 2] for at in range(0, 64, 2))
    path.write_text(BOUND % (first, colons))
    peers = load_peers(path)
    asked = request(called="SECOND READER", calling="CT2")
    for shown in (b"first", b"second"):
        assert isinstance(peers.admit(asked, "127.0.0.1", shown), Called)
    for shown in (b"", b"third"):
        assert peers.admit(asked, "127.0.0.1", shown) is Rejection.CALLING_AE


@pytest.mark.parametrize("bad", ["", "ab", "g" * 64, "a" * 63])
def test_what_is_no_fingerprint_is_refused(path: Path, bad: str) -> None:
    path.write_text(BOUND % ("a" * 64, bad))
    with pytest.raises(Fault, match="allowed: the SHA-256 of a certificate"):
        load_peers(path)
