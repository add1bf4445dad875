"""The token endpoint with client secrets (RFC 6749 §4.4, §5)."""

from __future__ import annotations

import base64
import dataclasses
import logging
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, KeySet, OKPKey
from limits import parse
from werkzeug.test import TestResponse

from apps.auth_service import jose
from apps.auth_service.app import build_app
from apps.auth_service.clients import ClientRegistry
from apps.auth_service.hashing import SecretHasher
from apps.auth_service.keys import KeyRing
from apps.auth_service.parts import Parts
from apps.auth_service.settings import SecretSettings, Settings
from tests.unit.auth.support import (
    SECRET,
    Clock,
    FixedSource,
    Pems,
    error_of,
    metric,
    post_form,
)

SCOPES = "snapshots:read snapshots:write"


def claims_of(client: FlaskClient, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Verify a token with the published keys, like a resource server does."""
    keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").get_json(force=True))
    parsed = jose.read(token, keys)
    return parsed.header, parsed.claims


class TestArchitecture:
    pytestmark = pytest.mark.architecture

    def test_a_token_has_the_format_of_rfc_9068(
        self, client: FlaskClient, clock: Clock, key_source: FixedSource[KeyRing]
    ) -> None:
        response = post_form(client)

        body = response.get_json()
        header, claims = claims_of(client, body["access_token"])
        assert response.status_code == 200
        assert header == {"alg": "ES256", "typ": "at+jwt", "kid": key_source.value.keys[0].kid}
        assert claims.pop("jti")
        assert claims == {
            "iss": "http://localhost",
            "sub": "ci",
            "client_id": "ci",
            "aud": "coverage-hub",
            "scope": SCOPES,
            "tenant": "acme",
            "iat": int(clock.now),
            "exp": int(clock.now) + 600,
        }
        assert {name: body[name] for name in ("token_type", "expires_in", "scope")} == {
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": SCOPES,
        }
        assert "refresh_token" not in body

    def test_each_token_has_a_unique_identifier(self, client: FlaskClient) -> None:
        tokens = [post_form(client).get_json()["access_token"] for _ in range(2)]

        first, second = (claims_of(client, token)[1]["jti"] for token in tokens)
        assert first != second

    def test_responses_forbid_caching(self, client: FlaskClient) -> None:
        for response in (post_form(client), post_form(client, secret="wrong")):
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Pragma"] == "no-cache"

    def test_the_secret_can_be_in_the_body(self, client: FlaskClient) -> None:
        response = client.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": "ci",
                "client_secret": SECRET,
            },
        )

        assert response.status_code == 200

    def test_an_ed25519_key_signs_as_eddsa(
        self, client: FlaskClient, key_source: FixedSource[KeyRing], pems: Pems
    ) -> None:
        (old,) = key_source.value.keys
        private = OKPKey.import_key(pems.edwards)
        new = type(old)(private.thumbprint(), "EdDSA", old.active_from + 1, private, old.path)
        key_source.value = KeyRing((old, new))

        header, _claims = claims_of(client, post_form(client).get_json()["access_token"])

        assert (header["alg"], header["kid"]) == ("EdDSA", new.kid)

    @pytest.mark.parametrize(
        ("requested", "granted"),
        [
            ("snapshots:read", "snapshots:read"),
            ("snapshots:write  snapshots:write", "snapshots:write"),
            ("", SCOPES),
            ("snapshots:write snapshots:read", "snapshots:write snapshots:read"),
        ],
    )
    def test_the_requested_scope_is_granted(
        self, client: FlaskClient, requested: str, granted: str
    ) -> None:
        body = post_form(client, scope=requested).get_json()

        assert body["scope"] == granted
        assert claims_of(client, body["access_token"])[1]["scope"] == granted

    def test_issued_and_rejected_requests_are_counted(self, client: FlaskClient) -> None:
        post_form(client)
        post_form(client, secret="wrong")
        post_form(client, scope="admin")

        sample = 'auth_requests_refused_total{{endpoint="token",error="{}"}}'
        assert metric(client, "auth_tokens_issued_total") == 1
        assert metric(client, sample.format("invalid_client")) == 1
        assert metric(client, sample.format("invalid_scope")) == 1


class TestReliability:
    pytestmark = pytest.mark.reliability

    def test_a_client_over_its_rate_gets_retry_after(self, client: FlaskClient) -> None:
        assert [post_form(client, auth_as="slow").status_code for _ in range(2)] == [200, 200]

        response = post_form(client, auth_as="slow")

        assert (response.status_code, error_of(response)) == (429, "slow_down")
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert post_form(client, auth_as="ci").status_code == 200

    def test_retry_after_is_at_least_one_second(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post_form(client, auth_as="slow")
        post_form(client, auth_as="slow")
        later = SimpleNamespace(time=lambda: time.time() + 3600)
        monkeypatch.setattr("apps.auth_service.oauth.time", later)

        assert post_form(client, auth_as="slow").headers["Retry-After"] == "1"

    def test_without_an_active_key_it_is_unavailable_and_recovers(
        self, client: FlaskClient, key_source: FixedSource[KeyRing], clock: Clock
    ) -> None:
        clock.advance(-7200)

        response = post_form(client)
        assert (response.status_code, error_of(response)) == (503, "temporarily_unavailable")

        clock.advance(7200)
        assert post_form(client).status_code == 200

    @pytest.mark.parametrize(
        ("form", "error"),
        [
            ({}, "invalid_request"),
            ({"grant_type": ""}, "invalid_request"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": 'é"\n'}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials", "scope": "admin"}, "invalid_scope"),
            ({"grant_type": "client_credentials", "scope": "\x00"}, "invalid_scope"),
        ],
    )
    def test_a_bad_request_gets_the_error_code_of_rfc_6749(
        self, client: FlaskClient, form: dict[str, str], error: str
    ) -> None:
        response = client.post(
            "/oauth/token",
            data=form,
            auth=("ci", SECRET),
            content_type="application/x-www-form-urlencoded",
        )

        assert (response.status_code, error_of(response)) == (400, error)
        description = response.get_json()["error_description"]
        assert description.isascii()
        assert '"' not in description

    @pytest.mark.parametrize(
        "credentials",
        [b"\xff\xfe:\xff", b"no-colon", b":", b"ci:", b":secret", b"%zz:%", b"\x00:\x00"],
    )
    def test_malformed_credentials_are_rejected_without_a_server_error(
        self, client: FlaskClient, credentials: bytes
    ) -> None:
        response = client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic " + base64.b64encode(credentials).decode()},
        )

        assert (response.status_code, error_of(response)) == (401, "invalid_client")

    @pytest.mark.parametrize("header", ["Basic", "Basic é", "Basic !!!", "Bearer x", "Basic a b"])
    def test_a_malformed_authorization_header_is_rejected(
        self, client: FlaskClient, header: str
    ) -> None:
        response = client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": header},
        )

        assert (response.status_code, error_of(response)) == (401, "invalid_client")

    def test_a_body_that_is_too_large_is_rejected(self, client: FlaskClient) -> None:
        response = post_form(client, scope="x" * 20_000)

        assert response.status_code == 413


class TestSecurity:
    pytestmark = pytest.mark.security

    @pytest.mark.parametrize(
        ("auth_as", "secret"),
        [
            ("ci", "wrong"),
            ("unknown", SECRET),
            ("gone", SECRET),  # disabled
            ("robot", SECRET),  # has a key and no secret
            ("", SECRET),
        ],
    )
    def test_all_client_authentication_failures_look_the_same(
        self, client: FlaskClient, auth_as: str, secret: str
    ) -> None:
        response = post_form(client, auth_as=auth_as, secret=secret)

        assert response.status_code == 401
        assert response.get_json() == {
            "error": "invalid_client",
            "error_description": "Client authentication failed.",
        }
        challenge = response.headers["WWW-Authenticate"]
        assert challenge == 'Basic realm="http://localhost", charset="UTF-8"'

    @pytest.mark.parametrize("auth_as", ["ci", "unknown", "gone", "robot"])
    def test_every_failure_verifies_exactly_one_hash(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, auth_as: str
    ) -> None:
        calls: list[str | None] = []
        verify = SecretHasher.verify

        def count_and_verify(self: SecretHasher, encoded: str | None, secret: str) -> bool:
            calls.append(encoded)
            return verify(self, encoded, secret)

        monkeypatch.setattr(SecretHasher, "verify", count_and_verify)

        post_form(client, auth_as=auth_as, secret="wrong")

        assert len(calls) == 1

    @pytest.mark.parametrize(
        "scope", ["admin", "snapshots:write", "snapshots:read snapshots:write"]
    )
    def test_requesting_a_scope_without_permission_is_rejected_not_narrowed(
        self, client: FlaskClient, scope: str
    ) -> None:
        response = post_form(client, auth_as="reader", scope=scope)

        assert (response.status_code, error_of(response)) == (400, "invalid_scope")

    def test_the_tenant_comes_from_the_registry_not_from_the_request(
        self, client: FlaskClient
    ) -> None:
        response = post_form(client, tenant="umbrella", aud="elsewhere", sub="rival")

        claims = claims_of(client, response.get_json()["access_token"])[1]
        assert (claims["tenant"], claims["aud"], claims["sub"]) == ("acme", "coverage-hub", "ci")

    def test_a_client_id_in_the_form_must_match_the_authenticated_client(
        self, client: FlaskClient
    ) -> None:
        assert post_form(client, client_id="ci").status_code == 200
        assert error_of(post_form(client, client_id="rival")) == "invalid_client"

    @pytest.mark.parametrize(
        "post",
        [
            lambda c: c.post(
                "/oauth/token?scope=x",
                data={"grant_type": "client_credentials"},
                auth=("ci", SECRET),
            ),
            lambda c: c.post(
                "/oauth/token",
                data={"grant_type": ["client_credentials", "client_credentials"]},
                auth=("ci", SECRET),
            ),
            lambda c: post_form(c, client_secret=SECRET, client_id="ci"),
            lambda c: post_form(c, client_assertion="x.y.z"),
            lambda c: c.post(
                "/oauth/token", json={"grant_type": "client_credentials"}, auth=("ci", SECRET)
            ),
            lambda c: c.post(
                "/oauth/token",
                data={"grant_type": "client_credentials"},
                content_type="multipart/form-data",
                auth=("ci", SECRET),
            ),
        ],
        ids=["in-url", "repeated", "two-secrets", "secret-and-assertion", "json", "multipart"],
    )
    def test_an_ambiguous_request_is_rejected(
        self, client: FlaskClient, post: Callable[[FlaskClient], TestResponse]
    ) -> None:
        response = post(client)

        assert (response.status_code, error_of(response)) == (400, "invalid_request")

    def test_credentials_in_the_url_are_rejected(self, client: FlaskClient) -> None:
        response = client.get(
            f"/oauth/token?grant_type=client_credentials&client_id=ci&client_secret={SECRET}"
        )

        assert response.status_code == 405

    def test_failed_attempts_do_not_count_against_the_rate(self, client: FlaskClient) -> None:
        for _ in range(4):
            post_form(client, auth_as="slow", secret="wrong")

        assert post_form(client, auth_as="slow").status_code == 200

    def test_secrets_and_tokens_are_not_logged(
        self,
        client: FlaskClient,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            token = post_form(client).get_json()["access_token"]
            post_form(client, secret="a-wrong-secret")

        logged = caplog.text + "".join(capsys.readouterr())
        for secret in (SECRET, "a-wrong-secret", token, token.rpartition(".")[2]):
            assert secret not in logged

    def test_a_secret_with_outdated_hash_parameters_works_and_is_reported(
        self, parts: Parts
    ) -> None:
        stronger = SecretSettings(time_cost=2, memory_cost=7168, parallelism=1)
        client = build_app(with_settings(parts, secrets=stronger)).test_client()

        assert post_form(client).status_code == 200
        assert metric(client, "auth_client_secret_rehash_needed_total") == 1

    def test_a_disabled_client_gets_no_more_tokens(
        self, client: FlaskClient, client_source: FixedSource[ClientRegistry]
    ) -> None:
        assert post_form(client).status_code == 200

        client_source.value = ClientRegistry({})

        assert post_form(client).status_code == 401


def with_settings(parts: Parts, **changes: object) -> Parts:
    settings: Settings = msgspec.structs.replace(parts.settings, **changes)
    return dataclasses.replace(parts, settings=settings)


class TestTransport:
    pytestmark = pytest.mark.security

    @pytest.fixture
    def secure(self, parts: Parts) -> Parts:
        return with_settings(parts, issuer="https://auth.example.org", insecure_transport=False)

    def post(self, client: FlaskClient, url: str, **headers: str) -> TestResponse:
        return client.post(
            "/oauth/token",
            base_url=url,
            data={"grant_type": "client_credentials"},
            auth=("ci", SECRET),
            headers=headers,
        )

    def test_plain_http_is_rejected_before_the_secret_is_checked(self, secure: Parts) -> None:
        client = build_app(secure).test_client()

        for url in ("http://auth.example.org", "http://localhost"):
            response = self.post(client, url)
            assert (response.status_code, error_of(response)) == (400, "insecure_transport")
        assert self.post(client, "https://auth.example.org").status_code == 200

    def test_forwarded_headers_count_only_if_a_proxy_is_trusted(self, secure: Parts) -> None:
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        url = "http://auth.example.org"
        behind_trusted_proxy = build_app(with_settings(secure, trusted_proxies=1)).test_client()

        assert self.post(build_app(secure).test_client(), url, **forwarded).status_code == 400
        assert self.post(behind_trusted_proxy, url, **forwarded).status_code == 200
        assert self.post(behind_trusted_proxy, url).status_code == 400

    def test_the_loopback_exception_does_not_apply_to_other_hosts(
        self, client: FlaskClient
    ) -> None:
        response = self.post(client, "http://auth.example.org")

        assert (response.status_code, error_of(response)) == (400, "insecure_transport")
        assert self.post(client, "http://127.0.0.1:8001").status_code == 200


@pytest.mark.reliability
def test_each_app_has_its_own_rates_and_metrics(parts: Parts) -> None:
    first_app, second_app = (build_app(parts).test_client() for _ in range(2))
    for _ in range(3):
        post_form(first_app, auth_as="slow")

    assert post_form(second_app, auth_as="slow").status_code == 200
    assert metric(second_app, "auth_tokens_issued_total") == 1


@pytest.mark.architecture
def test_a_changed_rate_applies_immediately(
    client: FlaskClient, client_source: FixedSource[ClientRegistry]
) -> None:
    slow = client_source.value.clients["slow"]
    for _ in range(2):
        post_form(client, auth_as="slow")
    faster = dataclasses.replace(slow, rate=parse("3/minute"))
    client_source.value = ClientRegistry({"slow": faster})

    assert post_form(client, auth_as="slow").status_code == 200


@pytest.mark.security
def test_after_rotation_the_new_key_signs_and_old_tokens_still_verify(
    client: FlaskClient, key_source: FixedSource[KeyRing], pems: Pems
) -> None:
    (old,) = key_source.value.keys
    before = post_form(client).get_json()["access_token"]
    private = ECKey.import_key(pems.second)
    new = type(old)(private.thumbprint(), "ES256", old.active_from + 1, private, old.path)
    key_source.value = KeyRing((old, new))

    after = post_form(client).get_json()["access_token"]

    assert claims_of(client, before)[0]["kid"] == old.kid
    assert claims_of(client, after)[0]["kid"] == new.kid
