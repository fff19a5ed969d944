"""The token endpoint and the document that leads there, as a client meets them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.access.tokens import LIFETIME
from tests.access.keys import TOKEN_URL, ask, curve, rsa, signed
from tests.access.ward import Ward, told, ward

SCOPES = "system/Task.crus system/Patient.rs system/Observation.rs?category=laboratory"


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Ward]:
    clients = {"ehr": SCOPES, "auditor": "system/*.rs", "ops": "system/Task.r"}
    with ward(tmp_path, clients, {"auditor": '["auditor"]', "ops": '["operator"]'}) as made:
        yield made


def send(door: Ward, form: Any, **more: Any) -> Any:
    return door.world.client.post("/fhir/auth/token", data=form, **more)


def refused(answer: Any, error: str, says: str = "") -> None:
    assert (answer.status_code, answer.json["error"]) == (400, error), answer.text
    assert says in answer.json["error_description"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_assertion_becomes_a_token(door: Ward) -> None:
    answer = send(door, ask(signed(), "system/Task.rs"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.json.pop("access_token")
    assert {name: value for name, value in answer.json.items() if name != "access_token"} == {
        "token_type": "bearer",
        "expires_in": 300,
        "scope": "system/Task.rs",
    }


def test_the_document_leads_to_the_token(door: Ward) -> None:
    answer = door.world.client.get("/fhir/.well-known/smart-configuration")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    said = answer.json
    assert said["token_endpoint"] == TOKEN_URL
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["ES384", "RS384"]
    assert said["grant_types_supported"] == ["client_credentials"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert "client-confidential-asymmetric" in said["capabilities"]
    assert "permission-v2" in said["capabilities"]


def test_the_capability_statement_is_open_and_names_smart(door: Ward) -> None:
    said = door.bare("GET", "metadata")
    assert said.status_code == 200
    security = said.json["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"


def test_an_assertion_is_used_once(door: Ward) -> None:
    """A-017."""
    form = ask(signed())
    assert send(door, form).status_code == 200
    refused(send(door, form), "invalid_client", "each is used once")


def test_a_refused_scope_spends_no_assertion(door: Ward) -> None:
    assertion = signed()
    refused(send(door, ask(assertion, "system/Device.rs")), "invalid_scope")
    assert send(door, ask(assertion)).status_code == 200


@pytest.mark.parametrize(
    ("scope", "given"),
    [
        ("system/Task.rs system/Device.rs", "system/Task.rs"),
        ("system/Task.cruds", "system/Task.crus"),
        ("system/Observation.rs", "system/Observation.rs?category=laboratory"),
        ("system/Task.read", "system/Task.rs"),
    ],
)
def test_what_is_granted_may_be_less_and_is_told(door: Ward, scope: str, given: str) -> None:
    """A-039."""
    assert send(door, ask(signed(), scope)).json["scope"] == given


@pytest.mark.parametrize(
    "scope",
    [
        "system/*.cruds",
        "system/*.*",
        "system/Observation.rsx",
        "system/Observation.sr",
        "user/Task.rs",
        "patient/Task.rs",
        "openid",
        "system/Device.rs",
        "system/Task.d",
        "system/Observation.rs?code:text=a",
        "system/Observation.rs?subject:Patient.name=a",
        "system/Observation.rs?nonsense=a",
        "system/Observation.rs?date=2026",
        " ".join(["system/Task.rs"] * 101),
    ],
)
def test_a_scope_that_is_not_granted_or_not_understood(door: Ward, scope: str) -> None:
    """A-038, A-040."""
    refused(send(door, ask(signed(), scope)), "invalid_scope")


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type", "client_credentials"),
        ({"grant_type": ""}, "invalid_request", "grant_type is required"),
        ({"client_assertion_type": "jwt"}, "invalid_request", "client_assertion_type"),
        ({"client_assertion": ""}, "invalid_request", "client_assertion is required"),
        ({"client_assertion": "a" * 20_000}, "invalid_request", "at most 16384"),
        ({"client_assertion": "a" * 100_000}, "invalid_request", "at most 65536 bytes"),
        ({"scope": ""}, "invalid_request", "scope is required"),
        ({"client_id": "ris"}, "invalid_client", "client_id"),
        ({"client_assertion": signed(iss="ris", sub="ris")}, "invalid_client", "not signed"),
        ({"client_assertion": signed(rsa(), "RS384")}, "invalid_client", "not signed"),
        ({"client_assertion": signed(header={"jku": "http://127.0.0.1:9/"})}, "invalid_client", "jku"),
    ],
)
def test_a_wrong_request(door: Ward, changed: dict[str, str], error: str, says: str) -> None:
    """A-021, A-022, A-023, A-007; who is not registered is not told apart from who signs wrongly."""
    refused(send(door, ask(signed()) | changed), error, says)


def test_parameters_are_sent_once(door: Ward) -> None:
    """A-029."""
    form = [*ask(signed()).items(), ("scope", "system/Patient.rs")]
    body = "&".join(f"{name}={value}" for name, value in form)
    mimetype = "application/x-www-form-urlencoded"
    refused(send(door, body, content_type=mimetype), "invalid_request", "once")


@pytest.mark.parametrize("mimetype", ["application/json", "multipart/form-data", ""])
def test_a_token_is_asked_for_by_a_form(door: Ward, mimetype: str) -> None:
    refused(send(door, b"{}", content_type=mimetype), "invalid_request", "application/x-www-form-urlencoded")


def test_only_post_gives_tokens(door: Ward) -> None:
    assert door.world.client.get("/fhir/auth/token").status_code == 401
    assert send(door, {}, query_string=ask(signed())).status_code == 400, "never from the query"


def test_whoever_is_refused_too_often_is_told_to_wait_and_the_right_one_is_let_in(door: Ward) -> None:
    """A-030."""
    wrong = ask(signed(exp=0))
    assert {send(door, wrong).status_code for _ in range(100)} == {400}
    answer = send(door, wrong)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert send(door, ask(signed())).status_code == 200
    door.world.watch.forward(minutes=1)
    assert send(door, wrong).status_code == 400


# -- showing tokens ------------------------------------------------------------------------------


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_without_a_token_there_is_nothing(door: Ward) -> None:
    """A-031, A-033, A-034."""
    token = door.token("ehr", "system/Task.rs")
    for path in ("Task", "Task/x", "Task/x/_history", "Task/x/_history/1", f"Task?access_token={token}"):
        answer = door.bare("GET", path)
        assert told(answer) == (401, "login")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Second Reader"'
    for method, path in (("POST", "Task"), ("PUT", "Task/x"), ("PUT", "Task?_id=x"), ("POST", "")):
        assert told(door.bare(method, path, {})) == (401, "login")
    for shown in ("Basic ZWhyOmVocg==", f"Basic {token}", token):
        assert told(door.bare("GET", "Task", Authorization=shown)) == (401, "login")
    assert told(door.bare("GET", "Task", Cookie=f"token={token}")) == (401, "login")


def test_with_a_token_there_is(door: Ward) -> None:
    token = door.token("ehr", "system/Task.rs")
    assert door.bare("GET", "Task", **bearer(token)).status_code == 200
    assert told(door.bare("GET", "Task/x", **bearer(token))) == (404, "not-found")


def test_a_token_ends(door: Ward) -> None:
    """A-032."""
    token = door.token("ehr", "system/Task.rs")
    door.world.watch.forward(seconds=LIFETIME.total_seconds() - 1)
    assert door.bare("GET", "Task", **bearer(token)).status_code == 200
    door.world.watch.forward(seconds=1)
    answer = door.bare("GET", "Task", **bearer(token))
    assert told(answer) == (401, "expired")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Second Reader", error="invalid_token"'


def test_what_is_not_ours_is_no_token(door: Ward) -> None:
    """A-032: an assertion is no token either."""
    for shown in ("x", signed(), signed(scope="system/*.cruds")):
        assert told(door.bare("GET", "Task", **bearer(shown))) == (401, "expired")


def test_a_client_that_is_taken_out_is_out_at_once(door: Ward, tmp_path: Path) -> None:
    """A-028, A-036."""
    token, path = door.token("ehr", "system/Task.rs"), tmp_path / "clients.toml"
    text = path.read_text()
    path.write_text(text.replace('"ehr"', '"other-ehr"'))
    assert told(door.bare("GET", "Task", **bearer(token))) == (401, "expired")
    refused(send(door, ask(signed())), "invalid_client")
    path.write_text(text.replace("system/Task.crus", "system/Task.c"))
    assert told(door.bare("GET", "Task", **bearer(token))) == (403, "forbidden")
    path.write_text("no TOML")
    assert told(door.bare("GET", "Task", **bearer(token))) == (403, "forbidden"), "the last good one stays"
    path.write_text(text)
    assert door.bare("GET", "Task", **bearer(token)).status_code == 200


def test_cases_and_metrics_are_for_operators(door: Ward) -> None:
    client = door.world.client
    for path in ("/cases", "/cases/x", "/metrics", "/console.css"):
        assert client.get(path).status_code == 401
        ehr = client.get(path, headers=bearer(door.token("ehr", "system/Task.rs")))
        assert ehr.status_code == 403
        ops = client.get(path, headers=bearer(door.token("ops", "system/Task.r")))
        assert ops.status_code in (200, 404)
    assert client.get("/health").status_code == 200


def test_keys_of_another_client_are_no_proof(door: Ward) -> None:
    stranger = curve("stranger")
    refused(send(door, ask(signed(stranger))), "invalid_client", "not signed")
