"""Client assertions: a table of good and bad ones. Row ids are those of the catalogue of bad inputs."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from server.access.assertion import LEEWAY, LIFETIME, Proof, demand_registered_address, read, verify
from server.access.jwks import usable
from server.access.refusals import Error, Refused
from tests.access.keys import NOW, TOKEN_URL, claims, curve, key_set, rsa, signed

KEYS = usable(key_set(rsa(), curve()))


def seconds(ahead: float) -> int:
    return int((NOW + timedelta(seconds=ahead)).timestamp())


def proof(assertion: str) -> Proof:
    return verify(read(assertion), KEYS, TOKEN_URL, NOW)


GOOD = {
    "ES384": signed(),
    "RS384": signed(rsa(), "RS384"),
    "aud as an array of one": signed(aud=[TOKEN_URL]),
    "exp 300 s ahead": signed(exp=seconds(300)),
    "exp 300 s ahead by a clock that is fast": signed(exp=seconds(329)),
    "ended by a clock that is slow": signed(exp=seconds(-29)),
    "exp with a fraction": signed(exp=seconds(10) + 0.5),
    "iat and nbf": signed(iat=seconds(0), nbf=seconds(-10)),
    "iat by a clock that is fast": signed(iat=seconds(29)),
    "issued long ago, ends in time": signed(iat=seconds(-100_000)),
    "jti of 128": signed(jti="j" * 128),
    "claims of one's own": signed(whatever={"a": 1}),
    "without typ": signed(header={"typ": None}),
}


@pytest.mark.parametrize("assertion", GOOD.values(), ids=GOOD.keys())
def test_a_good_assertion_is_believed(assertion: str) -> None:
    found = proof(assertion)
    assert found.client == "ehr"
    assert found.ends_at > NOW


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{part({'alg': algorithm, 'kid': 'ec-1'})}.{part(claims())}.{signature}"


def by_public_key(algorithm: str) -> str:
    """The old trick: what everybody knows taken for a shared secret."""
    told = f"{part({'alg': algorithm, 'kid': 'rsa-1'})}.{part(claims())}"
    hashed = {"HS256": "sha256", "HS384": "sha384"}[algorithm]
    return f"{told}.{part(hmac.digest(rsa().as_pem(private=False), told.encode(), hashed))}"


def altered() -> str:
    head, _, signature = signed().split(".")
    return f"{head}.{part(claims(iss='other', sub='other'))}.{signature}"


ED = OKPKey.generate_key("Ed25519", {"kid": "ec-1"})
STRANGER = curve("ec-stranger")
BAD = {
    "A-001 none": (unsigned("none"), "alg"),
    "A-001b None": (unsigned("None"), "alg"),
    "A-001c nOnE": (unsigned("nOnE"), "alg"),
    "A-001d alg is a list": (f"{part({'alg': ['ES384'], 'kid': 'ec-1'})}.{part(claims())}.AAAA", "alg"),
    "A-001e no alg": (f"{part({'kid': 'ec-1'})}.{part(claims())}.AAAA", "alg"),
    "A-002 HS256 by the public key": (by_public_key("HS256"), "alg"),
    "A-002b HS384 by the public key": (by_public_key("HS384"), "alg"),
    "A-003 RS256": (signed(rsa(), "RS256"), "alg"),
    "A-003b PS256": (signed(rsa(), "PS256"), "alg"),
    "A-003c EdDSA": (signed(ED, "Ed25519"), "alg"),
    "A-003d ES256": (signed(curve("ec-256", "P-256"), "ES256"), "alg"),
    "A-004 r = s = 0": (unsigned("ES384", part(b"\0" * 96)), "not signed"),
    "A-004b empty signature": (unsigned("ES384"), "not signed"),
    "A-004c short signature": (unsigned("ES384", "AAAA"), "not signed"),
    "A-004d ES384 for the RSA key": (signed(header={"kid": "rsa-1"}), "not signed"),
    "A-005 unknown kid": (signed(STRANGER), "not signed"),
    "A-005b known kid, other key": (signed(STRANGER, header={"kid": "ec-1"}), "not signed"),
    "A-005c no kid": (signed(header={"kid": None}), "kid"),
    "A-006 path": (signed(header={"kid": "../../dev/null"}), "not signed"),
    "A-006b SQL": (signed(header={"kid": "' OR 1=1 --"}), "not signed"),
    "A-006c 10 KB": (unsigned("ES384").replace(".", "A" * 10_000 + ".", 1), "compact form"),
    "A-006d a number": (unsigned("ES384").replace(part({"alg": "ES384", "kid": "ec-1"}),
                        part({"alg": "ES384", "kid": 1})), "kid"),
    "A-009 own key in the header": (
        signed(STRANGER, header={"jwk": STRANGER.as_dict(private=False)}), "not signed"),
    "A-010 crit": (signed(header={"crit": ["exp"], "exp": 1}), "crit"),
    "A-010b b64": (signed(header={"b64": True, "crit": ["b64"]}), "crit"),
    "A-011 iss is not sub": (signed(sub="other"), "iss and sub"),
    "A-011b no iss": (signed(iss=None), "iss and sub"),
    "A-011c no sub": (signed(sub=None), "iss and sub"),
    "A-011d iss a list": (signed(iss=["ehr"], sub=["ehr"]), "iss and sub"),
    "A-012 aud of another": (signed(aud="https://other.example/fhir/auth/token"), "aud"),
    "A-012b aud of a look-alike": (signed(aud=TOKEN_URL + "/"), "aud"),
    "A-012c aud in capitals": (signed(aud=TOKEN_URL.upper()), "aud"),
    "A-012d aud is the base": (signed(aud=TOKEN_URL.removesuffix("/auth/token")), "aud"),
    "A-012e aud with a query": (signed(aud=TOKEN_URL + "?x"), "aud"),
    "A-012f aud with others beside": (signed(aud=[TOKEN_URL, "https://other.example"]), "aud"),
    "A-012g no aud": (signed(aud=None), "aud"),
    "A-012h aud by user": (signed(aud=TOKEN_URL.replace("127", "x@127")), "aud"),
    "A-013 no exp": (signed(exp=None), "exp"),
    "A-013b exp a string": (signed(exp=str(seconds(60))), "exp"),
    "A-013c exp true": (signed(exp=True), "exp"),
    "A-013d exp beyond the calendar": (signed(exp=1e300), "exp"),
    "A-014 exp too far": (signed(exp=seconds(331)), "exp"),
    "A-014b exp in ten years": (signed(exp=seconds(3e8)), "exp"),
    "A-015 expired": (signed(exp=seconds(-30)), "expired"),
    "A-015b exp 1970": (signed(exp=0), "expired"),
    "A-015c iat ahead": (signed(iat=seconds(31)), "iat"),
    "A-015d nbf ahead": (signed(nbf=seconds(31)), "nbf"),
    "A-015e iat no number": (signed(iat="now"), "iat"),
    "A-016 no jti": (signed(jti=None), "jti"),
    "A-016b empty jti": (signed(jti=""), "jti"),
    "A-016c jti of 129": (signed(jti="j" * 129), "jti"),
    "A-016d jti with a zero byte": (signed(jti="a\0b"), "jti"),
    "A-016e jti a number": (signed(jti=7), "jti"),
    "A-032 claims changed after signing": (altered(), "not signed"),
    "not a JWT": ("abc", "compact form"),
    "five parts": ("a.b.c.d.e", "compact form"),
    "spaces": (f" {signed()}", "compact form"),
    "header is no JSON": (f"{part(b'no')}.{part(claims())}.AAAA", "JSON objects"),
    "claims are no JSON": (f"{part({'alg': 'ES384', 'kid': 'ec-1'})}.{part(b'no')}.AAAA", "JSON objects"),
    "claims are a list": (f"{part({'alg': 'ES384', 'kid': 'ec-1'})}.{part([1])}.AAAA", "JSON objects"),
    "header is a list": (f"{part(['alg'])}.{part(claims())}.AAAA", "JSON objects"),
    "header is a string": (f"{part('alg')}.{part(claims())}.AAAA", "JSON objects"),
    "deep claims": (f"{part({'alg': 'ES384', 'kid': 'ec-1'})}.{part(b'[' * 5000)}.AAAA", "JSON objects"),
}  # fmt: skip


@pytest.mark.parametrize(("assertion", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_assertion_proves_nothing(assertion: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        proof(assertion)
    assert refused.value.error is Error.CLIENT
    assert says in refused.value.description
    assert "other.example" not in refused.value.description


def test_a_jti_is_remembered_as_long_as_it_could_be_shown() -> None:
    assertion = signed(exp=seconds(300))
    ends_at = proof(assertion).ends_at
    assert ends_at == NOW + LIFETIME + LEEWAY
    with pytest.raises(Refused, match="expired"):
        verify(read(assertion), KEYS, TOKEN_URL, ends_at)
    verify(read(assertion), KEYS, TOKEN_URL, ends_at - timedelta(seconds=1))


def test_another_address_of_keys_is_refused() -> None:
    """A-007, A-008: nothing is fetched from an address that a message names."""
    registered = "https://ehr.example/jwks"
    for jku in (registered + ".evil", "https://ehr.example", "http://127.0.0.1/", 7):
        with pytest.raises(Refused, match="jku"):
            demand_registered_address(read(signed(header={"jku": jku})), registered)
    with pytest.raises(Refused, match="jku"):
        demand_registered_address(read(signed(header={"jku": registered})), None)
    demand_registered_address(read(signed(header={"jku": registered})), registered)
    demand_registered_address(read(signed()), registered)
