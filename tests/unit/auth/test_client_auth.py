"""Client authentication, mainly with `private_key_jwt` (RFC 7523)."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from authlib.oauth2.rfc6749 import InvalidClientError  # type: ignore[import-untyped]
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, KeySet, OctKey, OKPKey
from joserfc.jwt import Token

from apps.auth_service import jose
from apps.auth_service.app import build_app
from apps.auth_service.client_auth import AUTH_METHODS, OAuthClient
from apps.auth_service.clients import ClientRegistry
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.metrics import Metrics
from apps.auth_service.parts import Parts
from apps.auth_service.replay import ReplayCache
from tests.unit.auth.support import (
    ISSUER,
    SECRET,
    AssertionMaker,
    Clock,
    FixedSource,
    assert_with,
    error_of,
    metric,
)


def is_rejected(client: FlaskClient, assertion: str, **form: str) -> bool:
    """Return whether the assertion is rejected with the generic error."""
    response = assert_with(client, assertion, **form)
    return response.status_code == 401 and response.get_json() == {
        "error": "invalid_client",
        "error_description": "Client authentication failed.",
    }


class TestArchitecture:
    pytestmark = pytest.mark.architecture

    @pytest.mark.parametrize(
        "audience", [ISSUER, f"{ISSUER}/oauth/token", ["https://elsewhere.example", ISSUER]]
    )
    def test_an_assertion_for_this_issuer_gets_a_token(
        self, client: FlaskClient, assertion: AssertionMaker, audience: object
    ) -> None:
        response = assert_with(client, assertion(aud=audience), scope="snapshots:read")

        assert response.status_code == 200
        assert response.get_json()["scope"] == "snapshots:read"

    def test_an_ed25519_key_is_accepted(
        self,
        client: FlaskClient,
        assertion: AssertionMaker,
        client_source: FixedSource[ClientRegistry],
    ) -> None:
        key = OKPKey.generate_key("Ed25519")
        robot = client_source.value.clients["robot"]
        client_source.value = ClientRegistry(
            {"robot": dataclasses.replace(robot, keys=KeySet([key]))}
        )
        assertion.key, assertion.alg = key, "EdDSA"

        assert assert_with(client, assertion()).status_code == 200

    def test_the_kid_selects_one_of_several_keys(
        self,
        client: FlaskClient,
        assertion: AssertionMaker,
        client_source: FixedSource[ClientRegistry],
        robot_key: ECKey,
    ) -> None:
        other = ECKey.generate_key("P-256")
        robot = client_source.value.clients["robot"]
        robot_with_two_keys = dataclasses.replace(robot, keys=KeySet([other, robot_key]))
        client_source.value = ClientRegistry({"robot": robot_with_two_keys})

        def token(kid: str) -> str:
            return jose.sign({"alg": "ES256", "kid": kid}, assertion.claims(), robot_key)

        assert assert_with(client, token(robot_key.thumbprint())).status_code == 200
        assert is_rejected(client, token(other.thumbprint()))
        assert is_rejected(client, token('unknown"é'))

    def test_the_number_of_live_identifiers_is_a_metric(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert_with(client, assertion())

        assert metric(client, "auth_replay_cache_entries") == 1

    def test_a_client_id_in_the_form_must_match_the_assertion(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert assert_with(client, assertion(), client_id="robot").status_code == 200
        assert is_rejected(client, assertion(), client_id="ci")


class TestReplay:
    pytestmark = pytest.mark.security

    def test_an_assertion_can_be_used_only_once(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        signed = assertion()

        assert assert_with(client, signed).status_code == 200
        assert is_rejected(client, signed)
        assert is_rejected(client, assertion(jti="jti-1"))

    def test_exactly_one_of_several_concurrent_uses_succeeds(
        self, app: Flask, assertion: AssertionMaker
    ) -> None:
        signed, threads = assertion(), 6
        barrier = Barrier(threads)

        def use(_number: int) -> int:
            barrier.wait()
            return assert_with(app.test_client(), signed).status_code

        with ThreadPoolExecutor(threads) as pool:
            statuses = Counter(pool.map(use, range(threads)))

        assert statuses == {200: 1, 401: threads - 1}

    def test_a_full_cache_rejects_until_entries_expire(
        self, client: FlaskClient, assertion: AssertionMaker, clock: Clock
    ) -> None:
        for _ in range(3):
            assert assert_with(client, assertion()).status_code == 200

        response = assert_with(client, assertion())
        assert (response.status_code, error_of(response)) == (503, "temporarily_unavailable")

        clock.advance(60 + 30 + 2)
        assert assert_with(client, assertion(iat=int(clock()) - 92)).status_code == 200

    def test_an_invalid_assertion_is_not_recorded(
        self, client: FlaskClient, assertion: AssertionMaker, replay: ReplayCache
    ) -> None:
        is_rejected(client, assertion(signed_by=ECKey.generate_key("P-256"), jti="j"))
        is_rejected(client, assertion(aud="elsewhere", jti="j"))

        assert len(replay) == 0
        assert assert_with(client, assertion(jti="j")).status_code == 200

    def test_clients_do_not_share_identifiers(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert assert_with(client, assertion(jti="j")).status_code == 200
        other = assertion(jti="j", iss="robot2", sub="robot2")
        assert assert_with(client, other).status_code == 200

    def test_an_assertion_older_than_the_cache_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker, parts: Parts, clock: Clock
    ) -> None:
        used = assertion()
        assert assert_with(client, used).status_code == 200
        clock.advance(2)
        restarted = dataclasses.replace(parts, replay=ReplayCache(3, clock))
        after = build_app(restarted).test_client()

        assert is_rejected(after, used)
        assert is_rejected(after, assertion(iat=None))
        assert assert_with(after, assertion()).status_code == 200

    def test_an_assertion_is_recorded_for_as_long_as_it_is_valid(
        self, client: FlaskClient, assertion: AssertionMaker, replay: ReplayCache, clock: Clock
    ) -> None:
        assert_with(client, assertion(exp=int(clock()) + 60))

        clock.advance(60 + 30)
        assert len(replay) == 1
        clock.advance(2)
        assert len(replay) == 0


class TestClaims:
    pytestmark = pytest.mark.security

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "https://elsewhere.example"},
            {"aud": None},
            {"aud": []},
            {"aud": f"{ISSUER}/"},
            {"iss": "ci"},
            {"iss": None},
            {"sub": None},
            {"sub": "unknown"},
            {"sub": "unknown", "iss": "unknown"},
            {"sub": "gone", "iss": "gone"},
            {"sub": "ci", "iss": "ci"},
            {"sub": 7},
            {"sub": {"a": 1}},
            {"exp": None},
            {"exp": "soon"},
            {"exp": True},
            {"exp": 10**400},
            {"exp": 1},
            {"nbf": 2**40},
            {"iat": 2**40},
            {"iat": "now"},
            {"iat": None},
            {"iat": 1},
            {"jti": None},
            {"jti": ""},
            {"jti": 7},
            {"jti": "x" * 257},
        ],
        ids=lambda changes: "-".join(
            f"{name}={str(value)[:12]}" for name, value in changes.items()
        ),
    )
    def test_an_invalid_claim_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker, changes: dict[str, Any]
    ) -> None:
        assert is_rejected(client, assertion(**changes))

    def test_the_leeway_applies_to_clocks_not_to_lifetimes(
        self, client: FlaskClient, assertion: AssertionMaker, clock: Clock
    ) -> None:
        now = int(clock())

        assert assert_with(client, assertion(exp=now - 15)).status_code == 200
        assert is_rejected(client, assertion(exp=now - 45))
        assert assert_with(client, assertion(nbf=now + 15)).status_code == 200
        assert is_rejected(client, assertion(nbf=now + 60))

    def test_an_assertion_with_a_long_lifetime_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker, clock: Clock
    ) -> None:
        now = int(clock())

        assert assert_with(client, assertion(exp=now + 300)).status_code == 200
        assert is_rejected(client, assertion(exp=now + 332))


class TestSignature:
    pytestmark = pytest.mark.security

    def test_an_unsigned_assertion_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        payload = json.dumps(assertion.claims()).encode()

        assert is_rejected(client, assertion.raw({"alg": "none"}, payload, None))

    def test_a_public_key_cannot_be_used_as_an_hmac_secret(
        self, client: FlaskClient, assertion: AssertionMaker, robot_key: ECKey
    ) -> None:
        payload = json.dumps(assertion.claims()).encode()
        secret = OctKey.import_key({"kty": "oct", "k": robot_key.as_dict()["x"]})

        assert is_rejected(client, assertion.raw({"alg": "HS256"}, payload, secret))

    def test_another_clients_key_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert is_rejected(client, assertion(signed_by=ECKey.generate_key("P-256")))

    def test_a_key_inside_the_assertion_is_ignored(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        attacker_key = ECKey.generate_key("P-256")
        header = {"alg": "ES256", "jwk": attacker_key.as_dict(private=False)}
        payload = json.dumps(assertion.claims()).encode()

        assert is_rejected(client, assertion.raw(header, payload, attacker_key))

    def test_an_unknown_clients_assertion_is_verified_too(
        self, client: FlaskClient, assertion: AssertionMaker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, key_sets_used = jose.read, []

        def read_and_record(token: str, keys: KeySet) -> Token:
            key_sets_used.append(keys)
            return read(token, keys)

        monkeypatch.setattr(jose, "read", read_and_record)

        for name in ("unknown", "gone", "ci"):
            assert is_rejected(client, assertion(iss=name, sub=name))
        assert [len(keys.keys) for keys in key_sets_used] == [1, 1, 1]

    def test_an_access_token_is_not_an_assertion(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        token = assert_with(client, assertion()).get_json()["access_token"]

        assert is_rejected(client, token)


class TestReliability:
    pytestmark = pytest.mark.reliability

    @pytest.mark.parametrize(
        "form",
        [
            {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
            {"client_assertion_type": ""},
        ],
    )
    def test_another_assertion_type_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker, form: dict[str, str]
    ) -> None:
        assert is_rejected(client, assertion(), **form)

    @pytest.mark.parametrize("payload", [b"[]", b"7", b"{", b"\xff", b"[" * 9000, b'"sub"'])
    def test_a_payload_that_is_not_an_object_is_rejected(
        self, client: FlaskClient, assertion: AssertionMaker, robot_key: ECKey, payload: bytes
    ) -> None:
        assert is_rejected(client, assertion.raw({"alg": "ES256"}, payload, robot_key))

    @given(text=st.text(min_size=1) | st.from_regex(r"[\w-]{0,30}\.[\w-]{0,30}\.[\w-]{0,30}"))
    def test_any_text_is_rejected_without_a_server_error(
        self, client: FlaskClient, text: str
    ) -> None:
        assert is_rejected(client, text)

    @given(
        claims=st.dictionaries(
            st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]),
            st.none()
            | st.booleans()
            | st.integers()
            | st.text()
            | st.lists(st.text())
            | st.floats(),
        )
    )
    def test_any_claims_are_rejected_without_a_server_error(
        self, client: FlaskClient, robot_key: ECKey, claims: dict[str, Any]
    ) -> None:
        valid_claims = {"iss": "robot", "sub": "robot", "aud": ISSUER, "exp": 1}
        token = jose.sign({"alg": "ES256"}, valid_claims | claims, robot_key)

        assert assert_with(client, token).status_code in {401, 200}


class TestUnknownClient:
    """The client object for an unknown or disabled client."""

    pytestmark = pytest.mark.security

    @pytest.fixture
    def dummy_keys(self) -> KeySet:
        return KeySet([ECKey.generate_key("P-256")])

    @pytest.fixture
    def unknown_client(self, hasher: SecretHasher, dummy_keys: KeySet) -> OAuthClient:
        return OAuthClient(None, hasher, dummy_keys, Metrics())

    def test_it_cannot_authenticate_with_any_method(self, unknown_client: OAuthClient) -> None:
        assert not unknown_client.check_client_secret(SECRET)
        assert not any(
            unknown_client.check_endpoint_auth_method(method, "token") for method in AUTH_METHODS
        )

    def test_it_has_dummy_keys(self, unknown_client: OAuthClient, dummy_keys: KeySet) -> None:
        assert unknown_client.keys is dummy_keys

    def test_it_has_no_registry_entry(self, unknown_client: OAuthClient) -> None:
        with pytest.raises(InvalidClientError):
            _ = unknown_client.entry

    def test_it_is_granted_nothing(self, unknown_client: OAuthClient) -> None:
        with pytest.raises(InvalidClientError):
            unknown_client.get_allowed_scope("snapshots:read")
        assert not unknown_client.check_grant_type("password")
