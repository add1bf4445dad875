"""The token endpoint with client secrets: RFC 6749 §4.4, §5."""

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
    ask,
    error_of,
    metric,
)

SCOPES = "snapshots:read snapshots:write"


def claims_of(client: FlaskClient, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Verify a token as a resource server does: with the published keys."""
    keys = KeySet.import_key_set(client.get("/.well-known/jwks.json").get_json(force=True))
    parsed = jose.read(token, keys)
    return parsed.header, parsed.claims


class TestArchitecture:
    pytestmark = pytest.mark.architecture

    def test_a_token_has_the_shape_of_rfc_9068(
        self, client: FlaskClient, clock: Clock, key_source: FixedSource[KeyRing]
    ) -> None:
        response = ask(client)

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

    def test_no_two_tokens_share_an_identifier(self, client: FlaskClient) -> None:
        tokens = [ask(client).get_json()["access_token"] for _ in range(2)]

        first, second = (claims_of(client, token)[1]["jti"] for token in tokens)
        assert first != second

    def test_an_answer_is_not_to_be_stored(self, client: FlaskClient) -> None:
        for response in (ask(client), ask(client, secret="wrong")):
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Pragma"] == "no-cache"

    def test_the_secret_may_be_in_the_body(self, client: FlaskClient) -> None:
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

        header, _claims = claims_of(client, ask(client).get_json()["access_token"])

        assert (header["alg"], header["kid"]) == ("EdDSA", new.kid)

    @pytest.mark.parametrize(
        ("asked", "granted"),
        [
            ("snapshots:read", "snapshots:read"),
            ("snapshots:write  snapshots:write", "snapshots:write"),
            ("", SCOPES),
            ("snapshots:write snapshots:read", "snapshots:write snapshots:read"),
        ],
    )
    def test_the_scope_granted_is_the_one_asked_for(
        self, client: FlaskClient, asked: str, granted: str
    ) -> None:
        body = ask(client, scope=asked).get_json()

        assert body["scope"] == granted
        assert claims_of(client, body["access_token"])[1]["scope"] == granted

    def test_issuing_and_refusing_are_counted(self, client: FlaskClient) -> None:
        ask(client)
        ask(client, secret="wrong")
        ask(client, scope="admin")

        refused = 'auth_requests_refused_total{{endpoint="token",error="{}"}}'
        assert metric(client, "auth_tokens_issued_total") == 1
        assert metric(client, refused.format("invalid_client")) == 1
        assert metric(client, refused.format("invalid_scope")) == 1


class TestReliability:
    pytestmark = pytest.mark.reliability

    def test_a_client_over_its_rate_is_told_when_to_come_back(self, client: FlaskClient) -> None:
        assert [ask(client, who="slow").status_code for _ in range(2)] == [200, 200]

        response = ask(client, who="slow")

        assert (response.status_code, error_of(response)) == (429, "slow_down")
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert ask(client, who="ci").status_code == 200

    def test_a_wait_is_at_least_a_second(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ask(client, who="slow")
        ask(client, who="slow")
        later = SimpleNamespace(time=lambda: time.time() + 3600)
        monkeypatch.setattr("apps.auth_service.oauth.time", later)

        assert ask(client, who="slow").headers["Retry-After"] == "1"

    def test_without_a_key_that_may_sign_it_says_so_and_recovers(
        self, client: FlaskClient, key_source: FixedSource[KeyRing], clock: Clock
    ) -> None:
        clock.advance(-7200)

        response = ask(client)
        assert (response.status_code, error_of(response)) == (503, "temporarily_unavailable")

        clock.advance(7200)
        assert ask(client).status_code == 200

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
    def test_a_bad_request_is_answered_as_rfc_6749_says(
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
    def test_credentials_of_any_bytes_are_refused_not_failed_on(
        self, client: FlaskClient, credentials: bytes
    ) -> None:
        response = client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic " + base64.b64encode(credentials).decode()},
        )

        assert (response.status_code, error_of(response)) == (401, "invalid_client")

    @pytest.mark.parametrize("header", ["Basic", "Basic é", "Basic !!!", "Bearer x", "Basic a b"])
    def test_a_strange_authorization_header_is_refused(
        self, client: FlaskClient, header: str
    ) -> None:
        response = client.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": header},
        )

        assert (response.status_code, error_of(response)) == (401, "invalid_client")

    def test_a_body_that_is_too_large_is_refused(self, client: FlaskClient) -> None:
        response = ask(client, scope="x" * 20_000)

        assert response.status_code == 413


class TestSecurity:
    pytestmark = pytest.mark.security

    @pytest.mark.parametrize(
        ("who", "secret"),
        [
            ("ci", "wrong"),
            ("nobody", SECRET),
            ("gone", SECRET),  # disabled
            ("robot", SECRET),  # has a key and no secret
            ("", SECRET),
        ],
    )
    def test_every_client_failure_looks_the_same(
        self, client: FlaskClient, who: str, secret: str
    ) -> None:
        response = ask(client, who=who, secret=secret)

        assert response.status_code == 401
        assert response.get_json() == {
            "error": "invalid_client",
            "error_description": "Client authentication failed.",
        }
        challenge = response.headers["WWW-Authenticate"]
        assert challenge == 'Basic realm="http://localhost", charset="UTF-8"'

    @pytest.mark.parametrize("who", ["ci", "nobody", "gone", "robot"])
    def test_a_failure_costs_one_verification_whoever_asks(
        self, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, who: str
    ) -> None:
        calls: list[str | None] = []
        verify = SecretHasher.verify

        def counting(self: SecretHasher, encoded: str | None, secret: str) -> bool:
            calls.append(encoded)
            return verify(self, encoded, secret)

        monkeypatch.setattr(SecretHasher, "verify", counting)

        ask(client, who=who, secret="wrong")

        assert len(calls) == 1

    @pytest.mark.parametrize(
        "scope", ["admin", "snapshots:write", "snapshots:read snapshots:write"]
    )
    def test_asking_for_more_than_one_has_is_refused_not_narrowed(
        self, client: FlaskClient, scope: str
    ) -> None:
        response = ask(client, who="reader", scope=scope)

        assert (response.status_code, error_of(response)) == (400, "invalid_scope")

    def test_the_tenant_comes_from_the_registry_whatever_is_asked(
        self, client: FlaskClient
    ) -> None:
        response = ask(client, tenant="umbrella", aud="elsewhere", sub="rival")

        claims = claims_of(client, response.get_json()["access_token"])[1]
        assert (claims["tenant"], claims["aud"], claims["sub"]) == ("acme", "coverage-hub", "ci")

    def test_a_client_id_in_the_form_must_be_the_one_that_authenticates(
        self, client: FlaskClient
    ) -> None:
        assert ask(client, client_id="ci").status_code == 200
        assert error_of(ask(client, client_id="rival")) == "invalid_client"

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
            lambda c: ask(c, client_secret=SECRET, client_id="ci"),
            lambda c: ask(c, client_assertion="x.y.z"),
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
    def test_a_request_that_could_be_read_in_two_ways_is_refused(
        self, client: FlaskClient, post: Callable[[FlaskClient], TestResponse]
    ) -> None:
        response = post(client)

        assert (response.status_code, error_of(response)) == (400, "invalid_request")

    def test_credentials_in_the_url_are_no_credentials(self, client: FlaskClient) -> None:
        response = client.get(
            f"/oauth/token?grant_type=client_credentials&client_id=ci&client_secret={SECRET}"
        )

        assert response.status_code == 405

    def test_failed_attempts_do_not_use_up_the_clients_rate(self, client: FlaskClient) -> None:
        for _ in range(4):
            ask(client, who="slow", secret="wrong")

        assert ask(client, who="slow").status_code == 200

    def test_secrets_and_tokens_stay_out_of_the_log(
        self,
        client: FlaskClient,
        caplog: pytest.LogCaptureFixture,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        with caplog.at_level(logging.DEBUG):
            token = ask(client).get_json()["access_token"]
            ask(client, secret="a-wrong-secret")

        logged = caplog.text + "".join(capsys.readouterr())
        for secret in (SECRET, "a-wrong-secret", token, token.rpartition(".")[2]):
            assert secret not in logged

    def test_a_secret_hashed_with_older_parameters_works_and_is_reported(
        self, parts: Parts
    ) -> None:
        stronger = SecretSettings(time_cost=2, memory_cost=7168, parallelism=1)
        client = build_app(with_settings(parts, secrets=stronger)).test_client()

        assert ask(client).status_code == 200
        assert metric(client, "auth_client_secret_rehash_needed_total") == 1

    def test_a_client_that_is_disabled_later_gets_no_more_tokens(
        self, client: FlaskClient, client_source: FixedSource[ClientRegistry]
    ) -> None:
        assert ask(client).status_code == 200

        client_source.value = ClientRegistry({})

        assert ask(client).status_code == 401


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

    def test_plain_http_is_refused_before_the_secret_is_looked_at(self, secure: Parts) -> None:
        client = build_app(secure).test_client()

        for url in ("http://auth.example.org", "http://localhost"):
            response = self.post(client, url)
            assert (response.status_code, error_of(response)) == (400, "insecure_transport")
        assert self.post(client, "https://auth.example.org").status_code == 200

    def test_a_proxys_word_counts_only_where_a_proxy_is_trusted(self, secure: Parts) -> None:
        said = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        url = "http://auth.example.org"
        trusting = build_app(with_settings(secure, trusted_proxies=1)).test_client()

        assert self.post(build_app(secure).test_client(), url, **said).status_code == 400
        assert self.post(trusting, url, **said).status_code == 200
        assert self.post(trusting, url).status_code == 400

    def test_the_loopback_exception_does_not_reach_another_host(self, client: FlaskClient) -> None:
        response = self.post(client, "http://auth.example.org")

        assert (response.status_code, error_of(response)) == (400, "insecure_transport")
        assert self.post(client, "http://127.0.0.1:8001").status_code == 200


@pytest.mark.reliability
def test_each_app_counts_rates_and_metrics_for_itself(parts: Parts) -> None:
    one, two = (build_app(parts).test_client() for _ in range(2))
    for _ in range(3):
        ask(one, who="slow")

    assert ask(two, who="slow").status_code == 200
    assert metric(two, "auth_tokens_issued_total") == 1


@pytest.mark.architecture
def test_a_rate_that_changes_in_the_registry_is_in_force_at_once(
    client: FlaskClient, client_source: FixedSource[ClientRegistry]
) -> None:
    slow = client_source.value.clients["slow"]
    for _ in range(2):
        ask(client, who="slow")
    faster = dataclasses.replace(slow, rate=parse("3/minute"))
    client_source.value = ClientRegistry({"slow": faster})

    assert ask(client, who="slow").status_code == 200


@pytest.mark.security
def test_a_rotated_key_signs_while_tokens_of_the_old_one_still_verify(
    client: FlaskClient, key_source: FixedSource[KeyRing], pems: Pems
) -> None:
    (old,) = key_source.value.keys
    before = ask(client).get_json()["access_token"]
    private = ECKey.import_key(pems.second)
    new = type(old)(private.thumbprint(), "ES256", old.active_from + 1, private, old.path)
    key_source.value = KeyRing((old, new))

    after = ask(client).get_json()["access_token"]

    assert claims_of(client, before)[0]["kid"] == old.kid
    assert claims_of(client, after)[0]["kid"] == new.kid
