"""The file of destinations: read whole, refused by key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from server.destinations import load_destinations
from server.errors import Category, Fault
from server.model import Destination, Login, Polling, Trust

EHR = """
[[destination]]
name = "ehr"
base = "https://ehr.example/fhir/"
identifier_systems = ["https://ehr.example/task"]
"""
RIS = EHR.replace("ehr", "ris")


def refusal(tmp_path: Path, text: str) -> Fault:
    path = tmp_path / "destinations.toml"
    path.write_text(text)
    with pytest.raises(Fault) as refused:
        load_destinations(path)
    assert refused.value.category is Category.INCORRECT
    assert str(path) in str(refused.value)
    return refused.value


def test_no_file_means_no_destination() -> None:
    assert load_destinations(None) == ()


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + RIS + "timeout_seconds = 2.5\n")
    assert load_destinations(path) == (
        Destination("ehr", "https://ehr.example/fhir", ("https://ehr.example/task",), timedelta(seconds=30)),
        Destination("ris", "https://ris.example/fhir", ("https://ris.example/task",), timedelta(seconds=2.5)),
    )


@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        ('name = "ehr"', "", "destination.0.name", "required"),
        ('name = "ehr"', 'name = "The EHR"', "destination.0.name", "allowed: lower-case letters"),
        ('name = "ehr"', 'name = ""', "destination.0.name", "allowed: lower-case letters"),
        ("https://ehr.example/fhir/", "ehr.example/fhir", "destination.0.base", "allowed: an http(s) URL"),
        ("https://ehr.example/fhir/", "https://user@ehr.example", "destination.0.base", "without user"),
        ("https://ehr.example/fhir/", "https://ehr.example/fhir?x=1", "destination.0.base", "query"),
        ("https://ehr.example/fhir/", "file:///etc/passwd", "destination.0.base", "allowed: an http(s) URL"),
        ('["https://ehr.example/task"]', "[]", "destination.0.identifier_systems", "Shorter than"),
        ('["https://ehr.example/task"]', '[""]', "destination.0.identifier_systems.0", "Shorter than"),
        ('name = "ehr"', 'name = "ehr"\ntimeout_seconds = 0', "destination.0.timeout_seconds", "greater"),
        ('name = "ehr"', 'name = "ehr"\ntimeout_seconds = 301', "destination.0.timeout_seconds", "less"),
        ('name = "ehr"', 'name = "ehr"\ntimeout_seconds = "30"', "destination.0.timeout_seconds", "number"),
        ('name = "ehr"', 'name = "ehr"\ntoken = "x"', "destination.0.token", "Unknown field"),
        ("[[destination]]", "[[destinations]]", "destination", "required"),
    ],
)
def test_a_wrong_file_is_refused_with_key_and_what_is_allowed(
    tmp_path: Path, old: str, new: str, key: str, said: str
) -> None:
    assert old in EHR
    issues = [each.text for each in refusal(tmp_path, EHR.replace(old, new)).issues]
    assert any(f": {key}: " in text and said in text for text in issues), issues


@pytest.mark.parametrize(
    "second",
    [EHR, EHR.replace('"ehr"', '"other"'), RIS.replace('"ris"', '"ehr"')],
    ids=["both", "system", "name"],
)
def test_names_and_systems_belong_to_one_destination(tmp_path: Path, second: str) -> None:
    assert "must each belong to one destination" in str(refusal(tmp_path, EHR + second))


@pytest.mark.parametrize("text", ["destination = [", "name = 'a'\nname = 'b'", "\x00"])
def test_what_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    assert "is not TOML" in str(refusal(tmp_path, text))


def test_what_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(Fault, match="is not TOML"):
        load_destinations(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read: No such file"):
        load_destinations(tmp_path / "missing.toml")


LOGIN = 'client_id = "second-reader"\nprivate_key = "ehr.jwk.json"\nscopes = "system/Task.rus"\n'


def test_a_login_and_files_are_named_from_where_the_file_lies(tmp_path: Path) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + LOGIN + 'ca = "ca.pem"\ncertificate = "/etc/us.pem"\nkey_id = "k1"\n')
    [found] = load_destinations(path)
    assert found.login == Login(
        "second-reader", str(tmp_path / "ehr.jwk.json"), "system/Task.rus", key_id="k1"
    )
    assert found.trust == Trust(str(tmp_path / "ca.pem"), "/etc/us.pem")


@pytest.mark.parametrize(
    ("more", "key", "said"),
    [
        ('client_id = "x"\n', "private_key", "needed with client_id: client_id, private_key, scopes"),
        ('token_url = "https://ehr.example/t"\n', "client_id", "needed with token_url"),
        (LOGIN + 'token_url = "http://ehr.example/t"\n', "token_url", "allowed: an https URL"),
        (LOGIN + 'token_url = "https://a@ehr.example/t"\n', "token_url", "allowed: an https URL"),
        (LOGIN + 'token_url = "https://ehr.example/t?x=1"\n', "token_url", "allowed: an https URL"),
        ('certificate_key = "k.pem"\n', "certificate", "needed with certificate_key"),
    ],
)
def test_half_a_login_is_refused_by_key(tmp_path: Path, more: str, key: str, said: str) -> None:
    issue = refusal(tmp_path, EHR + more).issues[0]
    assert f"destination.0.{key}: " in issue.text
    assert said in issue.text


def test_a_token_is_not_sent_in_the_clear(tmp_path: Path) -> None:
    clear = EHR.replace("https://ehr.example/fhir", "http://ehr.example/fhir")
    assert "a token goes to an https URL only" in str(refusal(tmp_path, clear + LOGIN))
    local = tmp_path / "local.toml"
    local.write_text(EHR.replace("https://ehr.example/fhir", "http://127.0.0.1:8090/fhir") + LOGIN)
    assert load_destinations(local)[0].login is not None


OWNER = 'owner = "https://second-reader.example/device|gateway-1"\n'


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("PT10S", timedelta(seconds=10)),
        ("PT15M", timedelta(minutes=15)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1DT2H", timedelta(hours=26)),
        ("P7D", timedelta(days=7)),
    ],
)
def test_a_partner_may_be_polled(tmp_path: Path, text: str, every: timedelta) -> None:
    path = tmp_path / "destinations.toml"
    path.write_text(EHR + f'poll = "{text}"\n' + OWNER)
    [found] = load_destinations(path)
    assert found.polling == Polling(every, "https://second-reader.example/device|gateway-1")


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1DT", "PT9S", "P8D", "15M", "PT1.5M", "P1M", "P1Y", "PT15M "]
)
def test_a_pause_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    said = str(refusal(tmp_path, EHR + f'poll = "{text}"\n' + OWNER))
    assert "destination.0.poll: allowed: an ISO 8601 duration such as PT15M" in said


@pytest.mark.parametrize("owner", ["Device", "device/1", "urn:x|", "|a", "a|b|c", "Device/4 2", "urn:x|a,b"])
def test_an_owner_is_a_reference_or_an_identifier(tmp_path: Path, owner: str) -> None:
    said = str(refusal(tmp_path, EHR + f'poll = "PT15M"\nowner = "{owner}"\n'))
    assert "destination.0.owner: allowed: Type/id" in said


def test_poll_and_owner_go_together(tmp_path: Path) -> None:
    assert "owner: poll and owner are given together" in str(refusal(tmp_path, EHR + 'poll = "PT15M"\n'))
    assert "poll: poll and owner are given together" in str(refusal(tmp_path, EHR + OWNER))


def test_what_stands_where_a_file_is_not_toml_is_not_quoted(tmp_path: Path) -> None:
    told = str(refusal(tmp_path, "a = {'s3cret' = 1, 's3cret' = 2}"))
    assert "s3cret" not in told
    assert "at line 1, column" in told
