from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.errors import UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from apps.api.auth import JwtAuthProvider, Principal, _registry, insufficient_scope
from apps.api.jwks import JwksClient, KeyCache
from apps.api.metrics import Metrics
from apps.api.problems import ProblemError
from tests.unit.api import issuer
from tests.unit.api.conftest import ClientFactory
from tests.unit.api.doubles import START, FakeClock
from tests.unit.api.issuer import SETTINGS, KeyServer, sign
from tests.unit.api.samples import URL, snapshot
from tests.utils.flask_client_factory import make_client


def provider_for(server: KeyServer, clock: FakeClock) -> JwtAuthProvider:
    client = JwksClient(SETTINGS.jwks_url, timeout=3, transport=server.transport, clock=clock)
    cache = KeyCache(client.fetch, SETTINGS, metrics=Metrics(), clock=clock)
    return JwtAuthProvider(cache, SETTINGS, clock=clock)


@pytest.fixture
def server(ec_key: ECKey, okp_key: OKPKey) -> KeyServer:
    return KeyServer(ec_key, okp_key)


@pytest.fixture
def provider(server: KeyServer, clock: FakeClock) -> JwtAuthProvider:
    return provider_for(server, clock)


def rejection(provider: JwtAuthProvider, token: str) -> ProblemError:
    with pytest.raises(ProblemError) as caught:
        provider.authenticate(f"Bearer {token}")
    problem = caught.value
    assert problem.status == 401
    assert 'error="invalid_token"' in problem.headers["WWW-Authenticate"]
    return problem


def encode(part: object) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


class TestAcceptedTokens:
    @pytest.mark.architecture
    def test_a_valid_token_gives_tenant_client_and_scopes(
        self, provider: JwtAuthProvider, ec_key: ECKey
    ) -> None:
        assert provider.authenticate(f"Bearer {sign(ec_key)}") == Principal(
            "acme", "acme-ci", frozenset({"snapshots:read", "snapshots:write"})
        )

    @pytest.mark.architecture
    def test_eddsa_is_accepted(self, provider: JwtAuthProvider, okp_key: OKPKey) -> None:
        assert provider.authenticate(f"Bearer {sign(okp_key, alg='EdDSA')}").tenant == "acme"

    @pytest.mark.architecture
    @pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
    def test_all_spellings_of_the_token_type_are_accepted(
        self, provider: JwtAuthProvider, ec_key: ECKey, typ: str
    ) -> None:
        assert provider.authenticate(f"Bearer {sign(ec_key, header={'typ': typ})}")

    @pytest.mark.architecture
    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_the_scheme_is_case_insensitive(
        self, provider: JwtAuthProvider, ec_key: ECKey, scheme: str
    ) -> None:
        assert provider.authenticate(f"{scheme} {sign(ec_key)}")

    @pytest.mark.architecture
    def test_a_token_for_several_audiences_is_accepted(
        self, provider: JwtAuthProvider, ec_key: ECKey
    ) -> None:
        assert provider.authenticate(f"Bearer {sign(ec_key, aud=['other', 'coverage-hub'])}")

    @pytest.mark.architecture
    def test_a_token_without_scope_has_no_permissions(
        self, provider: JwtAuthProvider, ec_key: ECKey
    ) -> None:
        assert provider.authenticate(f"Bearer {sign(ec_key, scope=None)}").scopes == frozenset()

    @pytest.mark.reliability
    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": START - SETTINGS.leeway + 1},
            {"iat": START + SETTINGS.leeway},
            {"nbf": START + SETTINGS.leeway},
        ],
    )
    def test_clock_differences_up_to_the_leeway_are_accepted(
        self, provider: JwtAuthProvider, ec_key: ECKey, claims: dict[str, Any]
    ) -> None:
        assert provider.authenticate(f"Bearer {sign(ec_key, **claims)}")


class TestRejectedTokens:
    @pytest.mark.security
    @pytest.mark.parametrize("value", [None, "", "Basic YTpi", "Token abc", "Bearer\tabc"])
    def test_without_a_bearer_token_the_challenge_has_no_error_code(
        self, provider: JwtAuthProvider, server: KeyServer, value: str | None
    ) -> None:
        with pytest.raises(ProblemError) as caught:
            provider.authenticate(value)

        assert caught.value.status == 401
        assert caught.value.headers["WWW-Authenticate"] == 'Bearer realm="coverage-hub"'
        assert server.fetches == 0

    @pytest.mark.security
    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://evil.test"},
            {"iss": None},
            {"aud": "another-service"},
            {"aud": ["another-service"]},
            {"aud": None},
            {"exp": START - SETTINGS.leeway},
            {"exp": None},
            {"exp": "never"},
            {"exp": True},
            {"iat": START + SETTINGS.leeway + 1},
            {"iat": None},
            {"nbf": START + SETTINGS.leeway + 1},
            {"tenant": None},
            {"tenant": ""},
            {"tenant": "../globex"},
            {"tenant": "acme\n"},
            {"tenant": ["acme"]},
            {"tenant": "a" * 65},
            {"client_id": None},
            {"client_id": "a b"},
            {"scope": ["snapshots:write"]},
        ],
        ids=str,
    )
    def test_a_signed_token_with_wrong_claims_is_rejected(
        self, provider: JwtAuthProvider, ec_key: ECKey, claims: dict[str, Any]
    ) -> None:
        rejection(provider, sign(ec_key, **claims))

    @pytest.mark.security
    @pytest.mark.parametrize(
        "header",
        [
            {"typ": "JWT"},
            {"typ": None},
            {"kid": None},
            {"kid": "unknown"},
            {"crit": ["exp"]},
            {"jku": "https://evil.test/keys"},
        ],
        ids=str,
    )
    def test_a_signed_token_with_a_wrong_header_is_rejected(
        self, provider: JwtAuthProvider, ec_key: ECKey, header: dict[str, object]
    ) -> None:
        if "crit" in header or "jku" in header:
            token = sign(ec_key)
            protected = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
            token = ".".join([encode({**protected, **header}), *token.split(".")[1:]])
        else:
            token = sign(ec_key, header=header)

        rejection(provider, token)

    @pytest.mark.security
    def test_another_key_with_the_same_id_is_rejected(self, provider: JwtAuthProvider) -> None:
        assert "signature" in rejection(provider, sign(issuer.ec_key("ec-1"))).detail

    @pytest.mark.security
    def test_other_algorithms_are_rejected(self, provider: JwtAuthProvider, ec_key: ECKey) -> None:
        others: list[tuple[str, Key]] = [
            ("HS256", OctKey.generate_key(256, {"kid": "ec-1"}, auto_kid=False)),
            ("RS256", RSAKey.generate_key(2048, {"kid": "ec-1"}, auto_kid=False)),
            ("ES384", issuer.ec_key("ec-1", "P-384")),
        ]

        for alg, key in others:
            rejection(provider, sign(key, alg=alg))

    @pytest.mark.security
    def test_the_public_key_cannot_be_used_as_a_shared_secret(
        self, provider: JwtAuthProvider, ec_key: ECKey
    ) -> None:
        signed = f"{encode({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'ec-1'})}."
        signed += sign(ec_key).split(".")[1]
        mac = hmac.digest(ec_key.as_pem(private=False), signed.encode(), hashlib.sha256)

        rejection(provider, f"{signed}.{encode(mac)}")

    @pytest.mark.security
    @pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
    def test_an_unsigned_token_is_rejected(
        self, provider: JwtAuthProvider, ec_key: ECKey, alg: str
    ) -> None:
        payload = sign(ec_key).split(".")[1]

        rejection(provider, f"{encode({'alg': alg, 'typ': 'at+jwt', 'kid': 'ec-1'})}.{payload}.")

    @pytest.mark.security
    def test_an_ec_key_cannot_verify_an_eddsa_token(
        self, provider: JwtAuthProvider, okp_key: OKPKey
    ) -> None:
        rejection(provider, sign(okp_key, alg="EdDSA", header={"kid": "ec-1"}))

    @pytest.mark.security
    @given(place=st.integers(0, 300), character=st.sampled_from("Ab0_-.é "))
    def test_a_token_altered_at_any_position_is_rejected(
        self, ec_key: ECKey, place: int, character: str
    ) -> None:
        provider = provider_for(KeyServer(ec_key), FakeClock())
        header, payload, signature = sign(ec_key).split(".")
        signed = f"{header}.{payload}"
        at = place % len(signed)
        altered = signed[:at] + character + signed[at + 1 :]

        if altered != signed:
            rejection(provider, f"{altered}.{signature}")

    @pytest.mark.reliability
    @pytest.mark.parametrize(
        "token",
        [
            "",
            ".",
            "..",
            "a.b.c",
            f"{encode([])}.{encode({})}.x",
            f"{encode('text')}.{encode({})}.x",
            f"{encode(b'[' * 2000)}.{encode({})}.x",
            f"{encode({'alg': 1, 'typ': 'at+jwt', 'kid': 'ec-1'})}.{encode({})}.x",
            f"{encode({'alg': 'ES256', 'typ': 'at+jwt', 'kid': ['ec-1']})}.{encode({})}.x",
            f"{encode({'alg': 'ES256', 'typ': 'at+jwt', 'kid': 'ec-1'})}.{encode([])}.x",
            "é.é.é",
            "\ud800",
            "a" * 10_000,
        ],
        ids=lambda token: ascii(token[:20]),
    )
    def test_a_malformed_token_is_rejected_without_a_server_error(
        self, provider: JwtAuthProvider, token: str
    ) -> None:
        rejection(provider, token)

    @pytest.mark.security
    def test_a_signed_payload_that_is_not_an_object_is_rejected(
        self, provider: JwtAuthProvider, ec_key: ECKey
    ) -> None:
        token = jws.serialize_compact(
            {"alg": "ES256", "typ": "at+jwt", "kid": "ec-1"}, b"[1]", ec_key
        )

        rejection(provider, token)

    @pytest.mark.security
    def test_the_error_does_not_contain_the_token(
        self, provider: JwtAuthProvider, ec_key: ECKey
    ) -> None:
        token = sign(ec_key, exp=1)
        problem = rejection(provider, token)

        for part in token.split("."):
            assert part not in problem.detail + str(problem.headers)

    @pytest.mark.architecture
    def test_insufficient_scope_names_the_required_scope(self) -> None:
        problem = insufficient_scope("snapshots:write")

        assert problem.status == 403
        assert 'error="insufficient_scope"' in problem.headers["WWW-Authenticate"]
        assert 'scope="snapshots:write"' in problem.headers["WWW-Authenticate"]


class TestUnavailableIssuer:
    @pytest.mark.reliability
    def test_an_unverifiable_token_is_a_503_not_a_401(
        self, provider: JwtAuthProvider, server: KeyServer, ec_key: ECKey
    ) -> None:
        server.broken = httpx.ConnectError("refused")

        with pytest.raises(ProblemError) as caught:
            provider.authenticate(f"Bearer {sign(ec_key)}")
        assert caught.value.status == 503
        assert caught.value.headers == {"Retry-After": "1"}
        assert not provider.ready()

    @pytest.mark.reliability
    def test_cached_keys_still_verify(
        self, provider: JwtAuthProvider, server: KeyServer, clock: FakeClock, ec_key: ECKey
    ) -> None:
        assert provider.ready()
        server.broken = httpx.ConnectError("refused")
        clock.now += SETTINGS.keys_ttl

        assert provider.authenticate(f"Bearer {sign(ec_key, exp=clock.now + 60)}")

    @pytest.mark.security
    def test_an_unknown_key_is_rejected(
        self, provider: JwtAuthProvider, server: KeyServer, clock: FakeClock
    ) -> None:
        assert provider.ready()
        server.broken = httpx.ConnectError("refused")
        clock.now += SETTINGS.keys_cooldown

        rejection(provider, sign(issuer.ec_key("ec-2")))


@pytest.mark.architecture
def test_a_real_token_works_with_the_real_app(
    build_app: ClientFactory, provider: JwtAuthProvider, ec_key: ECKey
) -> None:
    app = build_app(auth=provider).application

    posted = make_client(app, token=sign(ec_key)).post(URL, json=snapshot())
    foreign = make_client(app, token=sign(ec_key, tenant="globex")).get(URL)

    assert posted.status_code == 201
    assert foreign.status_code == 404


@pytest.mark.security
@pytest.mark.parametrize("alg", ["none", "HS256", "RS256", "ES384", "Ed448", ""])
def test_the_registry_allows_no_other_algorithm(alg: str) -> None:
    with pytest.raises(UnsupportedAlgorithmError):
        _registry.get_alg(alg)
