"""The EHR's authorisation server is strict: what the standard refuses, it refuses."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from conformance.peers.ehr import Ehr
from conformance.peers.login import Gate
from conformance.peers.wire import encode

KEY = ECKey.generate_key("P-384", {"kid": "k1"})
OTHER = ECKey.generate_key("P-384", {"kid": "k1"})


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with Ehr(port=0, gate=Gate({"c1": {"keys": [KEY.as_dict(private=False)]}})) as program:
        yield program


def ask(ehr: Ehr, key: ECKey = KEY, jti: str = "j1", **changed: Any) -> httpx.Response:
    told = httpx.get(f"{ehr.base}/.well-known/smart-configuration", trust_env=False).json()
    right = {"iss": "c1", "sub": "c1", "aud": told["token_endpoint"], "jti": jti, "exp": time.time() + 120}
    registry = jws.JWSRegistry(algorithms=["ES384"])
    header = {"alg": "ES384", "kid": "k1"}
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.crus",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jws.serialize_compact(header, encode(right | changed), key, registry=registry),
    }
    return httpx.post(told["token_endpoint"], data=form, trust_env=False)


def test_a_right_assertion_opens_the_door_once(ehr: Ehr) -> None:
    granted = ask(ehr).json()
    shown = {"Authorization": f"Bearer {granted['access_token']}"}
    assert httpx.get(f"{ehr.base}/Task", headers=shown, trust_env=False).status_code == 200
    assert httpx.get(f"{ehr.base}/Task", trust_env=False).status_code == 401
    assert ask(ehr).json() == {"error": "invalid_client"}  # the same jti again


@pytest.mark.parametrize(
    "changed",
    [
        {"key": OTHER},
        {"aud": "http://127.0.0.1/auth/token"},
        {"exp": time.time() - 1},
        {"exp": time.time() + 86_400},  # from when the tests were collected
        {"sub": "c2"},
        {"iss": "c2", "sub": "c2"},
        {"jti": None},
    ],
)
def test_a_wrong_assertion_does_not(ehr: Ehr, changed: dict[str, Any]) -> None:
    assert ask(ehr, **changed).status_code == 400
    assert ehr.gate is not None
    assert (ehr.gate.issued, ehr.gate.refused) == (0, 1)
