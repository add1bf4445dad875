from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from apps.auth_service import jose
from apps.auth_service.jose import Algorithm

EC, ED = ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (EC, "ES256"),
        (ED, "EdDSA"),
        (ECKey.generate_key("P-384"), None),
        (OKPKey.generate_key("X25519"), None),
        (OKPKey.generate_key("Ed448"), None),
        (RSAKey.generate_key(2048), None),
        (OctKey.generate_key(256), None),
    ],
)
def test_a_key_has_one_algorithm_or_none(key: Key, algorithm: Algorithm | None) -> None:
    assert jose.algorithm_of(key) == algorithm


@pytest.mark.architecture
@pytest.mark.parametrize(("key", "algorithm"), [(EC, "ES256"), (ED, "EdDSA")])
def test_a_signed_token_can_be_read(key: ECKey | OKPKey, algorithm: str) -> None:
    token = jose.sign({"alg": algorithm, "typ": "at+jwt"}, {"sub": "ci"}, key)

    parsed = jose.read(token, KeySet([key]))

    assert parsed.claims == {"sub": "ci"}
    assert parsed.header == {"alg": algorithm, "typ": "at+jwt"}


@pytest.mark.security
@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", "Ed25519", "", "es256"])
def test_other_algorithms_are_rejected_before_any_key_is_tried(algorithm: str) -> None:
    header = encode(b'{"alg":"%s"}' % algorithm.encode())
    token = f"{header}.{encode(b'{}')}.{encode(b'x')}"

    with pytest.raises(UnsupportedAlgorithmError):
        jose.read(token, KeySet([EC]))


@pytest.mark.security
def test_a_changed_payload_is_rejected() -> None:
    header, _payload, signature = jose.sign({"alg": "ES256"}, {"sub": "ci"}, EC).split(".")

    forged = encode(b'{"sub":"admin"}')

    with pytest.raises(BadSignatureError):
        jose.read(f"{header}.{forged}.{signature}", KeySet([EC]))


@pytest.mark.reliability
@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"7",
        b'"alg"',
        b'["alg"]',
        b'{"alg":[]}',
        b'{"alg":null}',
        b'{"alg":{}}',
        b"\xff",
        b'{"alg":"ES256","crit":1}',
        b'{"alg":"ES256","kid":7}',
        b'{"alg":"ES256","b64":false}',
    ],
)
def test_malformed_headers_are_jose_errors(header: bytes) -> None:
    with pytest.raises(JoseError):
        jose.read(f"{encode(header)}.{encode(b'{}')}.AAAA", KeySet([EC]))


@pytest.mark.reliability
@pytest.mark.parametrize("token", ["", "..", "a.b", "\u00e9.\u00e9.\u00e9", "a.b.c.d.e"])
def test_malformed_tokens_are_jose_errors(token: str) -> None:
    with pytest.raises(JoseError):
        jose.read(token, KeySet([EC]))


@pytest.mark.reliability
def test_a_deeply_nested_payload_is_a_jose_error() -> None:
    token = jws.serialize_compact({"alg": "ES256"}, b"[" * 40_000, EC)

    with pytest.raises(JoseError):
        jose.read(token, KeySet([EC]))


@pytest.mark.reliability
@given(st.text() | st.from_regex(r"[\w-]{0,20}\.[\w-]{0,20}\.[\w-]{0,20}"))
def test_any_text_is_a_jose_error(token: str) -> None:
    with pytest.raises(JoseError):
        jose.read(token, KeySet([EC]))
