"""Token introspection: RFC 7662."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import ECKey, OKPKey
from werkzeug.test import TestResponse

from apps.auth_service import jose
from apps.auth_service.clients import ClientRegistry
from apps.auth_service.keys import KeyRing
from tests.unit.auth.support import (
    ASSERTION_TYPE,
    SECRET,
    AssertionMaker,
    Clock,
    FixedSource,
    Pems,
    error_of,
    metric,
    post_form,
)

INACTIVE = {"active": False}


@pytest.fixture
def token(client: FlaskClient) -> str:
    """A token of the client `ci` in the tenant acme."""
    return str(post_form(client, scope="snapshots:read").get_json()["access_token"])


def introspect(client: FlaskClient, token: str, who: str = "ci", **form: str) -> TestResponse:
    return client.post("/oauth/introspect", data={"token": token, **form}, auth=(who, SECRET))


def forge(pem: bytes, clock: Clock, header: dict[str, str], **changes: object) -> str:
    """Return a token that is signed with the service's key but was not issued by the service."""
    now = int(clock())
    claims = {
        "iss": "http://localhost",
        "sub": "ci",
        "client_id": "ci",
        "aud": "coverage-hub",
        "scope": "snapshots:read",
        "tenant": "acme",
        "iat": now,
        "exp": now + 60,
        "jti": "j",
    } | changes
    key = ECKey.import_key(pem)
    final_claims = {name: value for name, value in claims.items() if value is not None}
    return jose.sign({"alg": "ES256", "kid": key.thumbprint(), **header}, final_claims, key)


class TestArchitecture:
    pytestmark = pytest.mark.architecture

    @pytest.mark.parametrize("who", ["ci", "reader"])
    def test_clients_of_the_same_tenant_see_a_token(
        self, client: FlaskClient, token: str, clock: Clock, who: str
    ) -> None:
        body = introspect(client, token, who).get_json()

        assert body.pop("jti")
        assert body == {
            "active": True,
            "token_type": "Bearer",
            "iss": "http://localhost",
            "sub": "ci",
            "client_id": "ci",
            "aud": "coverage-hub",
            "scope": "snapshots:read",
            "tenant": "acme",
            "iat": int(clock()),
            "exp": int(clock()) + 600,
        }

    def test_a_client_with_a_key_can_introspect(
        self, client: FlaskClient, token: str, assertion: AssertionMaker
    ) -> None:
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion()}

        response = client.post("/oauth/introspect", data={"token": token, **form})

        assert response.get_json()["active"] is True

    @pytest.mark.parametrize("hint", ["access_token", "refresh_token", "what-ever"])
    def test_the_hint_is_ignored(self, client: FlaskClient, token: str, hint: str) -> None:
        assert introspect(client, token, token_type_hint=hint).get_json()["active"] is True

    def test_responses_are_counted(self, client: FlaskClient, token: str) -> None:
        introspect(client, token)
        introspect(client, "x")

        for sample in ("true", "false"):
            assert metric(client, f'auth_tokens_introspected_total{{active="{sample}"}}') == 1


class TestReliability:
    pytestmark = pytest.mark.reliability

    def test_introspection_does_not_count_against_the_rate(
        self, client: FlaskClient, token: str
    ) -> None:
        for _ in range(4):
            assert introspect(client, token, "slow").status_code == 200

    @pytest.mark.parametrize("token", ["x", "a.b.c", "é", "." * 50])
    def test_an_invalid_token_is_inactive(self, client: FlaskClient, token: str) -> None:
        response = introspect(client, token)

        assert (response.status_code, response.get_json()) == (200, INACTIVE)

    def test_a_missing_token_is_a_bad_request(self, client: FlaskClient) -> None:
        for form in ({"other": "x"}, {"token": ""}):
            response = client.post("/oauth/introspect", data=form, auth=("ci", SECRET))
            assert (response.status_code, error_of(response)) == (400, "invalid_request")

    def test_an_expired_token_is_inactive(
        self, client: FlaskClient, token: str, clock: Clock
    ) -> None:
        clock.advance(598)
        assert introspect(client, token).get_json()["active"] is True
        clock.advance(2)
        assert introspect(client, token).get_json() == INACTIVE


class TestSecurity:
    pytestmark = pytest.mark.security

    def test_another_tenants_token_looks_invalid(self, client: FlaskClient, token: str) -> None:
        response = introspect(client, token, "rival")

        assert (response.status_code, response.get_json()) == (200, INACTIVE)

    def test_unauthenticated_introspection_is_rejected(
        self, client: FlaskClient, token: str
    ) -> None:
        anonymous = client.post("/oauth/introspect", data={"token": token})

        assert (anonymous.status_code, error_of(anonymous)) == (401, "invalid_client")
        assert introspect(client, token, "gone").status_code == 401
        assert (
            client.post(
                "/oauth/introspect", data={"token": token}, auth=("ci", "wrong")
            ).status_code
            == 401
        )

    def test_a_token_is_inactive_after_its_client_is_disabled_moved_or_removed(
        self, client: FlaskClient, token: str, client_source: FixedSource[ClientRegistry]
    ) -> None:
        before = dict(client_source.value.clients)
        ci = before["ci"]
        for after in (
            before | {"ci": dataclasses.replace(ci, disabled=True)},
            before | {"ci": dataclasses.replace(ci, tenant="umbrella")},
            {name: client for name, client in before.items() if name != "ci"},
        ):
            client_source.value = ClientRegistry(after)
            assert introspect(client, token, "reader").get_json() == INACTIVE
        client_source.value = ClientRegistry(before)
        assert introspect(client, token, "reader").get_json()["active"] is True

    def test_tokens_of_a_retired_key_are_inactive(
        self, client: FlaskClient, token: str, key_source: FixedSource[KeyRing], pems: Pems
    ) -> None:
        (old,) = key_source.value.keys
        private = OKPKey.import_key(pems.edwards)
        new = type(old)(private.thumbprint(), "EdDSA", old.active_from, private, old.path)
        key_source.value = KeyRing((old, new))
        assert introspect(client, token).get_json()["active"] is True

        key_source.value = KeyRing((new,))
        assert introspect(client, token).get_json() == INACTIVE

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://elsewhere.example"},
            {"aud": "another-service"},
            {"exp": 1},
            {"exp": None},
            {"iat": 2**40},
            {"tenant": None},
            {"client_id": None},
            {"scope": None},
        ],
        ids=str,
    )
    def test_tokens_with_claims_that_the_service_never_issues_are_inactive(
        self, client: FlaskClient, pems: Pems, clock: Clock, changes: dict[str, Any]
    ) -> None:
        forged = forge(pems.first, clock, {"typ": "at+jwt"}, **changes)

        assert introspect(client, forged).get_json() == INACTIVE

    def test_another_type_of_jwt_is_inactive(
        self, client: FlaskClient, pems: Pems, clock: Clock
    ) -> None:
        assert introspect(client, forge(pems.first, clock, {"typ": "at+jwt"})).get_json()["active"]
        assert introspect(client, forge(pems.first, clock, {"typ": "JWT"})).get_json() == INACTIVE

    def test_a_token_signed_with_an_unknown_key_is_inactive(
        self, client: FlaskClient, pems: Pems, clock: Clock
    ) -> None:
        kid = ECKey.import_key(pems.first).thumbprint()
        forged = forge(pems.second, clock, {"typ": "at+jwt", "kid": kid})

        assert introspect(client, forged).get_json() == INACTIVE

    def test_a_token_in_the_url_is_rejected(self, client: FlaskClient, token: str) -> None:
        response = client.post(
            f"/oauth/introspect?token={token}", data={"token": token}, auth=("ci", SECRET)
        )

        assert (response.status_code, error_of(response)) == (400, "invalid_request")
