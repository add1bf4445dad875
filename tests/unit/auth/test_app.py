from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

import apps.auth_service
from apps.auth_service.app import build_app, metadata
from apps.auth_service.clients import ClientRegistry
from apps.auth_service.errors import ConfigError
from apps.auth_service.keys import KeyRing
from apps.auth_service.parts import EXTENSION, Parts
from apps.auth_service.settings import Settings
from tests.unit.auth.support import (
    Clock,
    FixedSource,
    Pems,
    metric,
    post_form,
    touch,
    write_private,
)

AppOnDisk = Callable[[], Flask]


class TestArchitecture:
    pytestmark = pytest.mark.architecture

    def test_the_package_exports_create_app(self) -> None:
        assert apps.auth_service.__all__ == ["create_app"]

    def test_create_app_only_needs_a_config_path(self, app_on_disk: AppOnDisk) -> None:
        client = app_on_disk().test_client()

        assert post_form(client).status_code == 200
        assert client.get("/readyz").get_json()["status"] == "ok"

    def test_the_parts_are_an_app_extension(self, app: Flask, parts: Parts) -> None:
        assert app.extensions[EXTENSION] is parts

    def test_metadata_lists_existing_endpoints(self, client: FlaskClient) -> None:
        response = client.get("/.well-known/oauth-authorization-server")

        document = response.get_json()
        assert document["issuer"] == "http://localhost"
        assert document["grant_types_supported"] == ["client_credentials"]
        assert document["response_types_supported"] == []
        assert document["token_endpoint_auth_signing_alg_values_supported"] == ["ES256", "EdDSA"]
        for name in ("token_endpoint", "introspection_endpoint"):
            path = document[name].removeprefix("http://localhost")
            assert client.get(path).status_code == 405
        assert client.get(document["jwks_uri"].removeprefix("http://localhost")).status_code == 200

    def test_teardown_without_a_request_does_nothing(self, app: Flask) -> None:
        with app.test_request_context("/healthz") as pushed:
            assert pushed.request.path == "/healthz"

    def test_metadata_is_validated(self, settings: Settings) -> None:
        with pytest.raises(ValueError, match="https"):
            metadata(msgspec.structs.replace(settings, issuer="http://auth.example.org"))

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("/.well-known/jwks.json", "application/jwk-set+json"),
            ("/.well-known/oauth-authorization-server", "application/json"),
        ],
    )
    def test_documents_can_be_cached_and_revalidated(
        self, client: FlaskClient, path: str, kind: str
    ) -> None:
        response = client.get(path)

        assert response.mimetype == kind
        assert response.headers["Cache-Control"] == "public, max-age=300"
        revalidated = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert (revalidated.status_code, revalidated.data) == (304, b"")

    def test_requests_are_measured_by_endpoint_and_status(self, client: FlaskClient) -> None:
        client.get("/healthz")
        client.get("/nowhere/to/be/found")

        sample = 'auth_request_duration_seconds_count{{endpoint="{}",status="{}"}}'
        assert metric(client, sample.format("healthz", 200)) == 1
        assert metric(client, sample.format("none", 404)) == 1


class TestReliability:
    pytestmark = pytest.mark.reliability

    def test_healthz_succeeds_without_an_active_signing_key(
        self, client: FlaskClient, clock: Clock
    ) -> None:
        clock.advance(-7200)

        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.get_json()["checks"]["signing"] == "no active signing key"
        assert client.get("/healthz").status_code == 200

    @pytest.mark.parametrize("part", ["keys", "clients"])
    def test_stale_content_is_reported(
        self,
        client: FlaskClient,
        key_source: FixedSource[KeyRing],
        client_source: FixedSource[ClientRegistry],
        part: str,
    ) -> None:
        source = key_source if part == "keys" else client_source
        source.stale = True

        ready = client.get("/readyz")

        assert (ready.status_code, ready.get_json()["status"]) == (200, "degraded")
        assert ready.get_json()["checks"][part] == "stale"
        assert metric(client, f"auth_{part}_stale") == 1

    def test_a_new_key_is_used_without_a_restart(
        self, app_on_disk: AppOnDisk, keys_dir: Path, pems: Pems
    ) -> None:
        client = app_on_disk().test_client()
        before = client.get("/.well-known/jwks.json")
        write_private(keys_dir / "20260201T000000Z-second.pem", pems.second)

        after = client.get("/.well-known/jwks.json")

        assert len(after.get_json(force=True)["keys"]) == 2
        assert after.headers["ETag"] != before.headers["ETag"]

    def test_an_invalid_new_key_leaves_the_old_ring_in_use(
        self, app_on_disk: AppOnDisk, keys_dir: Path, pems: Pems
    ) -> None:
        client = app_on_disk().test_client()
        broken = write_private(keys_dir / "20260201T000000Z-second.pem", pems.rsa)

        assert post_form(client).status_code == 200
        assert client.get("/readyz").get_json()["checks"]["keys"] == "stale"

        touch(broken, pems.second)
        assert client.get("/readyz").get_json()["checks"]["keys"] == "ok"

    def test_an_invalid_registry_leaves_the_old_one_in_use(
        self, app_on_disk: AppOnDisk, config_path: Path
    ) -> None:
        client = app_on_disk().test_client()
        touch(config_path.with_name("clients.json"), b"{")

        assert post_form(client).status_code == 200
        assert client.get("/readyz").get_json()["checks"]["clients"] == "stale"

    @pytest.mark.parametrize(
        "broken", ["auth.toml", "clients.json", "keys/20260101T000000Z-first.pem"]
    )
    def test_an_invalid_file_prevents_the_start(
        self, app_on_disk: AppOnDisk, config_path: Path, broken: str
    ) -> None:
        path = write_private(config_path.parent / broken, "{")

        with pytest.raises(ConfigError, match=re.escape(str(path))):
            app_on_disk()

    def test_an_internal_error_response_hides_the_reason(
        self, app: Flask, parts: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail() -> KeyRing:
            raise RuntimeError("the reason")

        monkeypatch.setattr(parts.keys, "get", fail)

        response = app.test_client().get("/.well-known/jwks.json")

        assert response.status_code == 500
        assert response.get_json()["error"] == "internal_server_error"
        assert "the reason" not in response.text
        assert response.headers["X-Request-Id"]


class TestSecurity:
    pytestmark = pytest.mark.security

    def test_a_valid_request_id_is_reused(self, client: FlaskClient) -> None:
        response = client.get("/healthz", headers={"X-Request-Id": "ci-run_42.a"})

        assert response.headers["X-Request-Id"] == "ci-run_42.a"

    @pytest.mark.parametrize("request_id", ["", "a b", "x" * 65, "é", "a\tb", '"', "../x"])
    def test_an_invalid_request_id_is_replaced(self, client: FlaskClient, request_id: str) -> None:
        response = client.get("/healthz", headers={"X-Request-Id": request_id})

        assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-Id"])

    def test_readiness_does_not_reveal_paths(
        self, app_on_disk: AppOnDisk, keys_dir: Path, pems: Pems
    ) -> None:
        client = app_on_disk().test_client()
        write_private(keys_dir / "20260201T000000Z-second.pem", pems.rsa)

        assert str(keys_dir) not in client.get("/readyz").text

    def test_client_input_does_not_become_a_label(self, client: FlaskClient) -> None:
        client.get("/<script>")
        client.post("/oauth/token", data={"grant_type": "evil-type"}, auth=("evil-id", "x"))

        metrics = client.get("/metrics").text
        assert "script" not in metrics
        assert "evil" not in metrics

    def test_responses_disable_content_sniffing(self, client: FlaskClient) -> None:
        for path in ("/.well-known/jwks.json", "/nowhere"):
            assert client.get(path).headers["X-Content-Type-Options"] == "nosniff"

    def test_the_published_key_is_the_current_signing_key(
        self, parts: Parts, pems: Pems, key_source: FixedSource[KeyRing]
    ) -> None:
        client = build_app(dataclasses.replace(parts)).test_client()

        (published,) = client.get("/.well-known/jwks.json").get_json(force=True)["keys"]

        assert published["kid"] == key_source.value.keys[0].kid
        assert set(published) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
