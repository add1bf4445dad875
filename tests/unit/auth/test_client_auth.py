"""Client authentication, above all with `private_key_jwt`: RFC 7523."""

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
from hypothesis import given, settings
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


def refused(client: FlaskClient, assertion: str, **form: str) -> bool:
    """Whether the assertion is refused, in the one way that says nothing."""
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

    def test_an_edwards_key_works_too(
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

    def test_the_kid_chooses_among_several_keys(
        self,
        client: FlaskClient,
        assertion: AssertionMaker,
        client_source: FixedSource[ClientRegistry],
        robot_key: ECKey,
    ) -> None:
        other = ECKey.generate_key("P-256")
        robot = client_source.value.clients["robot"]
        two = dataclasses.replace(robot, keys=KeySet([other, robot_key]))
        client_source.value = ClientRegistry({"robot": two})

        def token(kid: str) -> str:
            return jose.sign({"alg": "ES256", "kid": kid}, assertion.claims(), robot_key)

        assert assert_with(client, token(robot_key.thumbprint())).status_code == 200
        assert refused(client, token(other.thumbprint()))
        assert refused(client, token('unknown"é'))

    def test_the_live_identifiers_are_a_metric(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert_with(client, assertion())

        assert metric(client, "auth_replay_cache_entries") == 1

    def test_the_client_may_be_named_in_the_form_if_it_is_the_same(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert assert_with(client, assertion(), client_id="robot").status_code == 200
        assert refused(client, assertion(), client_id="ci")


class TestReplay:
    pytestmark = pytest.mark.security

    def test_an_assertion_is_good_for_one_use(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        once = assertion()

        assert assert_with(client, once).status_code == 200
        assert refused(client, once)
        assert refused(client, assertion(jti="jti-1"))

    def test_of_concurrent_uses_exactly_one_wins(
        self, app: Flask, assertion: AssertionMaker
    ) -> None:
        once, threads = assertion(), 6
        barrier = Barrier(threads)

        def use(_number: int) -> int:
            barrier.wait()
            return assert_with(app.test_client(), once).status_code

        with ThreadPoolExecutor(threads) as pool:
            statuses = Counter(pool.map(use, range(threads)))

        assert statuses == {200: 1, 401: threads - 1}

    def test_a_full_cache_refuses_and_recovers_when_entries_expire(
        self, client: FlaskClient, assertion: AssertionMaker, clock: Clock
    ) -> None:
        for _ in range(3):
            assert assert_with(client, assertion()).status_code == 200

        response = assert_with(client, assertion())
        assert (response.status_code, error_of(response)) == (503, "temporarily_unavailable")

        clock.advance(60 + 30 + 2)
        assert assert_with(client, assertion(iat=int(clock()) - 92)).status_code == 200

    def test_what_does_not_verify_leaves_no_trace(
        self, client: FlaskClient, assertion: AssertionMaker, replay: ReplayCache
    ) -> None:
        refused(client, assertion(signed_by=ECKey.generate_key("P-256"), jti="j"))
        refused(client, assertion(aud="elsewhere", jti="j"))

        assert len(replay) == 0
        assert assert_with(client, assertion(jti="j")).status_code == 200

    def test_clients_do_not_share_identifiers(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        assert assert_with(client, assertion(jti="j")).status_code == 200
        other = assertion(jti="j", iss="robot2", sub="robot2")
        assert assert_with(client, other).status_code == 200

    def test_one_from_before_the_cache_began_may_have_been_used(
        self, client: FlaskClient, assertion: AssertionMaker, parts: Parts, clock: Clock
    ) -> None:
        used = assertion()
        assert assert_with(client, used).status_code == 200
        clock.advance(2)
        restarted = dataclasses.replace(parts, replay=ReplayCache(3, clock))
        after = build_app(restarted).test_client()

        assert refused(after, used)
        assert refused(after, assertion(iat=None))
        assert assert_with(after, assertion()).status_code == 200

    def test_it_is_remembered_for_as_long_as_it_is_accepted(
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
            {"sub": "nobody"},
            {"sub": "nobody", "iss": "nobody"},
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
    def test_a_claim_that_is_not_as_it_must_be_is_refused(
        self, client: FlaskClient, assertion: AssertionMaker, changes: dict[str, Any]
    ) -> None:
        assert refused(client, assertion(**changes))

    def test_the_leeway_is_for_clocks_not_for_lifetimes(
        self, client: FlaskClient, assertion: AssertionMaker, clock: Clock
    ) -> None:
        now = int(clock())

        assert assert_with(client, assertion(exp=now - 15)).status_code == 200
        assert refused(client, assertion(exp=now - 45))
        assert assert_with(client, assertion(nbf=now + 15)).status_code == 200
        assert refused(client, assertion(nbf=now + 60))

    def test_one_that_lives_too_long_is_refused(
        self, client: FlaskClient, assertion: AssertionMaker, clock: Clock
    ) -> None:
        now = int(clock())

        assert assert_with(client, assertion(exp=now + 300)).status_code == 200
        assert refused(client, assertion(exp=now + 332))


class TestSignature:
    pytestmark = pytest.mark.security

    def test_unsigned_is_refused(self, client: FlaskClient, assertion: AssertionMaker) -> None:
        payload = json.dumps(assertion.claims()).encode()

        assert refused(client, assertion.raw({"alg": "none"}, payload, None))

    def test_a_public_key_does_not_serve_as_an_hmac_secret(
        self, client: FlaskClient, assertion: AssertionMaker, robot_key: ECKey
    ) -> None:
        payload = json.dumps(assertion.claims()).encode()
        secret = OctKey.import_key({"kty": "oct", "k": robot_key.as_dict()["x"]})

        assert refused(client, assertion.raw({"alg": "HS256"}, payload, secret))

    def test_anothers_key_is_refused(self, client: FlaskClient, assertion: AssertionMaker) -> None:
        assert refused(client, assertion(signed_by=ECKey.generate_key("P-256")))

    def test_a_key_within_the_assertion_is_not_believed(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        own = ECKey.generate_key("P-256")
        header = {"alg": "ES256", "jwk": own.as_dict(private=False)}
        payload = json.dumps(assertion.claims()).encode()

        assert refused(client, assertion.raw(header, payload, own))

    def test_an_unknown_clients_assertion_is_verified_all_the_same(
        self, client: FlaskClient, assertion: AssertionMaker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        read, tried = jose.read, []

        def spy(token: str, keys: KeySet) -> Token:
            tried.append(keys)
            return read(token, keys)

        monkeypatch.setattr(jose, "read", spy)

        for name in ("nobody", "gone", "ci"):
            assert refused(client, assertion(iss=name, sub=name))
        assert [len(keys.keys) for keys in tried] == [1, 1, 1]

    def test_an_access_token_is_no_assertion(
        self, client: FlaskClient, assertion: AssertionMaker
    ) -> None:
        token = assert_with(client, assertion()).get_json()["access_token"]

        assert refused(client, token)


class TestReliability:
    pytestmark = pytest.mark.reliability

    @pytest.mark.parametrize(
        "form",
        [
            {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
            {"client_assertion_type": ""},
        ],
    )
    def test_another_type_of_assertion_is_refused(
        self, client: FlaskClient, assertion: AssertionMaker, form: dict[str, str]
    ) -> None:
        assert refused(client, assertion(), **form)

    @pytest.mark.parametrize("payload", [b"[]", b"7", b"{", b"\xff", b"[" * 9000, b'"sub"'])
    def test_a_payload_that_is_no_object_is_refused(
        self, client: FlaskClient, assertion: AssertionMaker, robot_key: ECKey, payload: bytes
    ) -> None:
        assert refused(client, assertion.raw({"alg": "ES256"}, payload, robot_key))

    @given(text=st.text(min_size=1) | st.from_regex(r"[\w-]{0,30}\.[\w-]{0,30}\.[\w-]{0,30}"))
    @settings(max_examples=60)
    def test_no_text_makes_the_service_fail(self, client: FlaskClient, text: str) -> None:
        assert refused(client, text)

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
    @settings(max_examples=60)
    def test_no_claims_make_the_service_fail(
        self, client: FlaskClient, robot_key: ECKey, claims: dict[str, Any]
    ) -> None:
        sound = {"iss": "robot", "sub": "robot", "aud": ISSUER, "exp": 1}
        token = jose.sign({"alg": "ES256"}, sound | claims, robot_key)

        assert assert_with(client, token).status_code in {401, 200}


class TestNobody:
    """The client that stands in for one that may not authenticate."""

    pytestmark = pytest.mark.security

    @pytest.fixture
    def stand_in(self) -> KeySet:
        return KeySet([ECKey.generate_key("P-256")])

    @pytest.fixture
    def nobody(self, hasher: SecretHasher, stand_in: KeySet) -> OAuthClient:
        return OAuthClient(None, hasher, stand_in, Metrics())

    def test_it_has_no_way_to_authenticate(self, nobody: OAuthClient) -> None:
        assert not nobody.check_client_secret(SECRET)
        assert not any(nobody.check_endpoint_auth_method(way, "token") for way in AUTH_METHODS)

    def test_it_has_keys_that_nobody_has(self, nobody: OAuthClient, stand_in: KeySet) -> None:
        assert nobody.keys is stand_in

    def test_its_entry_is_out_of_reach(self, nobody: OAuthClient) -> None:
        with pytest.raises(InvalidClientError):
            _ = nobody.entry

    def test_it_is_granted_nothing(self, nobody: OAuthClient) -> None:
        with pytest.raises(InvalidClientError):
            nobody.get_allowed_scope("snapshots:read")
        assert not nobody.check_grant_type("password")
