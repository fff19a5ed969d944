"""The whole product behind a certificate of its own: what a partner does first, over https only."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from conformance.peers.ehr import Ehr
from tests.access.keys import ask, clients_file, signed
from tests.certificates import Authority
from tests.flow.processes import Site, until

pytestmark = pytest.mark.campaign

SCOPES = "system/Patient.crus"


def test_a_partner_gets_a_token_and_reads_over_https(tmp_path: Path, ehr: Ehr) -> None:
    authority = Authority(tmp_path)
    certificate, key = map(str, authority.signs("door"))
    clients = str(clients_file(tmp_path, SCOPES))
    with (
        Site(tmp_path, ehr.base, TLS_CERTIFICATE=certificate, TLS_KEY=key, CLIENTS=clients) as site,
        httpx.Client(verify=authority.trusted(), trust_env=False, timeout=5.0) as client,
    ):
        root = site.root.replace("http://", "https://")
        up = site.program("up")
        up.start()
        until(lambda: _healthy(client, root), 60.0, "healthy over https")
        smart = client.get(f"{root}/fhir/.well-known/smart-configuration").json()
        assert smart["token_endpoint"] == f"{root}/fhir/auth/token"
        statement = client.get(f"{root}/fhir/metadata").json()
        assert statement["implementation"]["url"] == f"{root}/fhir"
        assertion = signed(aud=smart["token_endpoint"], exp=int(time.time()) + 120)
        token = client.post(smart["token_endpoint"], data=ask(assertion, SCOPES)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        made = client.post(f"{root}/fhir/Patient", json={"resourceType": "Patient"})
        assert made.status_code == 201, made.text
        assert made.headers["Location"].startswith(f"{root}/fhir/Patient/")
        assert client.get(made.headers["Location"]).json()["resourceType"] == "Patient"
        refused = httpx.get(f"{site.root}/fhir/metadata", trust_env=False)
        assert refused.status_code == 400
        assert "https" in refused.json()["issue"][0]["diagnostics"]
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{root}/health", trust_env=False)


def _healthy(client: httpx.Client, root: str) -> bool:
    try:
        return client.get(f"{root}/health").status_code == 200
    except httpx.TransportError:
        return False
