"""The file of clients: read whole, refused by key."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.access.clients import Client, load_clients
from server.caller import Scope
from server.errors import Category, Fault
from tests.access.keys import clients_file, curve, key_set, short_rsa


def test_no_file_means_no_client() -> None:
    assert load_clients(None) == {}


def test_a_file_is_read(tmp_path: Path) -> None:
    more = 'roles = ["auditor", "operator"]\nspeaks_for = ["Organization/demo"]'
    found = load_clients(clients_file(tmp_path, "system/Task.crus system/Patient.read", more))
    assert found == {
        "ehr": Client(
            "ehr",
            "Demo EHR",
            (Scope("Task", "crus"), Scope("Patient", "rs")),
            frozenset({"auditor", "operator"}),
            frozenset({"Organization/demo"}),
            str(tmp_path / "ehr.jwks.json"),
        )
    }


@pytest.mark.parametrize("url", ["https://ehr.example/jwks", "http://127.0.0.1:9/jwks", "http://[::1]/j"])
def test_keys_may_be_at_an_address(tmp_path: Path, url: str) -> None:
    path = clients_file(tmp_path)
    path.write_text(path.read_text().replace("ehr.jwks.json", url))
    assert load_clients(path)["ehr"].jwks == url
    assert load_clients(path)["ehr"].by_url


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('client_id = "ehr"', "", "client.0.client_id", "required"),
        ('client_id = "ehr"', 'client_id = "the ehr"', "client.0.client_id", "allowed: 1 to 64 letters"),
        ('client_id = "ehr"', f'client_id = "{"e" * 65}"', "client.0.client_id", "allowed: 1 to 64 letters"),
        ('name = "Demo EHR"', 'name = ""', "client.0.name", "allowed: 1 to 160"),
        ("system/Task.crus", "system/Task.src", "client.0.scopes", "scope 1 is not of the form"),
        ("system/Task.crus", "user/Task.rs", "client.0.scopes", "scope 1 is not of the form"),
        ("system/Task.crus system/Patient.rs", "", "client.0.scopes", "allowed: one scope or more"),
        ("ehr.jwks.json", "nowhere.json", "client.0.jwks", "cannot be read"),
        ("ehr.jwks.json", "clients.toml", "client.0.jwks", "a JWKS is a JSON object"),
        ("ehr.jwks.json", "weak.json", "client.0.jwks", "RSA of 2048 bits or more"),
        ("ehr.jwks.json", "http://ehr.example/jwks", "client.0.jwks", "http on this machine only"),
        ("ehr.jwks.json", "http://127.0.0.1.evil.example/", "client.0.jwks", "http on this machine only"),
        ("ehr.jwks.json", "https://u@ehr.example/jwks", "client.0.jwks", "without user"),
        ('"Demo EHR"', '"Demo EHR"\nroles = ["admin"]', "client.0.roles.0", "allowed: auditor, operator"),
        ('"Demo EHR"', '"Demo EHR"\nspeaks_for = ["Patient/1"]', "client.0.speaks_for.0", "Organization/id"),
        ('"Demo EHR"', '"Demo EHR"\nsecret = "x"', "client.0.secret", "Unknown field"),
        ("[[client]]", "[client]", "client", "one [[client]] table for each system"),
        ("[[client]]", "client = []\n[x]", "client", "one [[client]] table or more"),
    ],
)
def test_a_wrong_file_is_refused_by_key(tmp_path: Path, old: str, new: str, key: str, said: str) -> None:
    path = clients_file(tmp_path)
    (tmp_path / "weak.json").write_bytes(key_set(short_rsa(), curve("p256", "P-256")))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(Fault) as refused:
        load_clients(path)
    assert refused.value.category is Category.INCORRECT
    assert str(path) in str(refused.value)
    assert f"{key}:" in str(refused.value)
    assert said in str(refused.value)


def test_a_client_is_registered_once(tmp_path: Path) -> None:
    path = clients_file(tmp_path)
    path.write_text(path.read_text() * 2)
    with pytest.raises(Fault, match="each client_id belongs to one client"):
        load_clients(path)


def test_what_is_no_file_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read"):
        load_clients(tmp_path / "none.toml")
    (tmp_path / "odd.toml").write_text("= 1")
    with pytest.raises(Fault, match="is not TOML"):
        load_clients(tmp_path / "odd.toml")


def test_what_stands_where_a_file_is_not_toml_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("a = {'s3cret' = 1, 's3cret' = 2}")
    with pytest.raises(Fault, match=r"at line 1, column") as refused:
        load_clients(tmp_path / "odd.toml")
    assert "s3cret" not in str(refused.value)
