from __future__ import annotations

import pytest

from server.fhir.subscriptions.addresses import Reachable, public

ALLOWED = Reachable(("http://127.0.0.1:9000/hooks", "https://10.0.0.5"))


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://ehr.example/hook",
        "https://ehr.example:8443/hook?for=us",
        "https://9.9.9.9/hook",
        "https://[2620:fe::fe]/hook",
        "http://127.0.0.1:9000/hooks",
        "http://127.0.0.1:9000/hooks/ours",
        "http://127.0.0.1:9000/hooks?a=b",
        "https://10.0.0.5/anything",
    ],
)
def test_what_is_dialled(endpoint: str) -> None:
    assert ALLOWED.refusal(endpoint) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "hook",
        "file:///etc/passwd",
        "ftp://ehr.example/hook",
        "mailto:somebody@ehr.example",
        "http://ehr.example/hook",
        "https://user:password@ehr.example/hook",
        "https://ehr.example/hook#part",
        "https://ehr.example/two words",
        "https://ehr.example\\@127.0.0.1/",
        "https://" + "a" * 3_000,
        "https://localhost/hook",
        "https://hook.localhost/",
        "https://127.0.0.1/hook",
        "https://0.0.0.0/hook",
        "https://10.1.2.3/hook",
        "https://192.168.0.1/hook",
        "https://[fd00::1]/hook",
        "https://100.64.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[fe80::1]/hook",
        "https://[::ffff:127.0.0.1]/hook",
        "https://224.0.0.1/hook",
        "https://2130706433/hook",
        "https://0x7f.1/hook",
        "https://0177.0.0.1/hook",
        "https://127.1./hook",
        "https://ehr.example:99999/hook",
        "http://127.0.0.1:9000/hooksmith",
        "http://127.0.0.1:9000/hooks/../other",
        "http://127.0.0.1:9000/hooks/%2e%2e/other",
        "http://127.0.0.1:9001/hooks",
    ],
)
def test_what_is_not(endpoint: str) -> None:
    assert ALLOWED.refusal(endpoint)


def test_without_a_base_only_https_is_accepted() -> None:
    reason = Reachable().refusal("http://127.0.0.1:9000/hooks")
    assert reason is not None
    assert reason.code == "value"
    assert "9000" not in reason.text


@pytest.mark.parametrize(
    ("address", "is_public"),
    [("9.9.9.9", True), ("10.0.0.1", False), ("127.0.0.1", False), ("::1", False), ("fe80::1%eth0", False)],
)
def test_where_a_name_may_lead(address: str, is_public: bool) -> None:
    assert public(address) is is_public
