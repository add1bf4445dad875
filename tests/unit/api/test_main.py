"""The complete app: all responses are traced and hardened, all errors are problem documents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from apps.api.main import DATABASE, create_app
from apps.api.settings import LimitSettings, Settings
from tests.unit.api import issuer
from tests.unit.api.conftest import ClientFactory
from tests.unit.api.doubles import FakeAuth, FakeRateLimiter, FakeTenants
from tests.unit.api.samples import URL, snapshot
from tests.utils.flask_client_factory import HeaderClient, make_client

PROBLEM = "application/problem+json"


def add_broken_view(app: Flask, error: Exception) -> None:
    @app.get("/broken")
    def broken() -> str:
        raise error


@pytest.mark.architecture
def test_the_app_uses_the_components_that_are_passed_in(
    build_app: ClientFactory, auth: FakeAuth, rate_limiter: FakeRateLimiter, tenants: FakeTenants
) -> None:
    client = make_client(build_app(tenants=tenants).application, token="acme")

    client.get("/v1/tenants/acme/repos/widgets/snapshots", headers={"X-Tenant": "acme"})

    assert auth.calls == 1
    assert rate_limiter.hits == [("reads", "acme", "acme-ci")]
    assert tenants.calls == [("acme", "acme")]


@pytest.mark.architecture
def test_the_app_has_exactly_the_documented_routes(
    anonymous: HeaderClient,
) -> None:
    routes = {rule.rule for rule in anonymous.application.url_map.iter_rules()}
    resources = {
        "/repos/<repo:repo>/snapshots",
        "/repos/<repo:repo>/snapshots/<snapshot:public_id>",
        "/repos/<repo:repo>/trend",
        "/repos/<repo:repo>/badge.svg",
    }

    assert routes == {
        "/healthz",
        "/readyz",
        "/metrics",
        *(f"/v1{path}" for path in resources),
        *(f"/v1/tenants/<tenant>{path}" for path in resources),
    }


@pytest.mark.security
@pytest.mark.parametrize("prefix", ["/v1", "/v1/tenants/acme"])
@pytest.mark.parametrize(
    "path", ["snapshots", f"snapshots/{'0' * 32}", "trend?suite=api", "badge.svg?suite=api"]
)
def test_all_resources_require_a_token(anonymous: HeaderClient, prefix: str, path: str) -> None:
    response = anonymous.get(f"{prefix}/repos/widgets/{path}")

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="coverage-hub"'


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "//v1/repos/widgets/snapshots", 404),
        ("GET", "/v1/repos/.git/snapshots", 404),
        ("GET", f"/v1/repos/{'a' * 101}/snapshots", 404),
        ("GET", "/v1/repos/widgets/snapshots/1", 404),
        ("DELETE", URL, 405),
        ("OPTIONS", URL, 405),
    ],
)
def test_framework_errors_are_problem_documents(
    client: HeaderClient, method: str, path: str, status: int
) -> None:
    response = client.open(path, method=method)
    problem = response.get_json()

    assert response.status_code == problem["status"] == status
    assert response.content_type == PROBLEM
    assert problem["type"] == "about:blank"
    assert problem["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.reliability
def test_a_405_lists_the_allowed_methods(client: HeaderClient) -> None:
    allowed = client.delete(URL).headers["Allow"]

    assert set(allowed.split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.security
def test_an_unexpected_error_is_a_500_without_details(anonymous: HeaderClient) -> None:
    add_broken_view(anonymous.application, RuntimeError("password=hunter2"))

    response = anonymous.get("/broken")

    assert response.status_code == 500
    assert response.content_type == PROBLEM
    assert "hunter2" not in response.text
    assert "RuntimeError" not in response.text


@pytest.mark.reliability
def test_an_unavailable_database_is_a_503_with_retry_after(anonymous: HeaderClient) -> None:
    add_broken_view(anonymous.application, OperationalError("SELECT secret", {}, OSError("gone")))

    response = anonymous.get("/broken")

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert "secret" not in response.text


@pytest.mark.reliability
def test_an_unmigrated_database_is_a_503_not_a_500(
    build_app: ClientFactory, tmp_path: Path
) -> None:
    settings = Settings(auth=issuer.SETTINGS, database_url=f"sqlite:///{tmp_path}/new.sqlite3")
    client = make_client(build_app(settings=settings).application, token="acme")

    assert client.get(URL).status_code == 503


@pytest.mark.architecture
def test_auto_migrate_prepares_a_new_database(build_app: ClientFactory, tmp_path: Path) -> None:
    settings = Settings(
        auth=issuer.SETTINGS,
        database_url=f"sqlite:///{tmp_path}/new.sqlite3",
        auto_migrate=True,
    )
    client = make_client(build_app(settings=settings).application, token="acme")

    assert client.post(URL, json=snapshot()).status_code == 201


@pytest.mark.security
@pytest.mark.parametrize("path", ["/healthz", "/nowhere", URL])
def test_every_response_has_security_headers_and_a_request_id(
    client: HeaderClient, path: str
) -> None:
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{32}", headers["X-Request-Id"])


@pytest.mark.architecture
def test_two_apps_in_one_process_have_separate_metrics(build_app: ClientFactory) -> None:
    first, second = build_app(), build_app()

    first.get("/healthz")

    line = 'hub_api_requests_total{method="GET",route="/healthz",status="200"} 1.0'
    assert line in first.get("/metrics").text
    assert line not in second.get("/metrics").text


@pytest.mark.architecture
def test_by_default_the_app_verifies_real_tokens_and_counts_real_requests(
    settings: Settings,
) -> None:
    app = create_app(settings)
    response = make_client(app, token="not-a-jwt").get(URL)
    app.extensions[DATABASE].dispose()

    assert response.status_code == 401
    assert response.get_json()["type"] == "urn:coverage-hub:problem:invalid-token"


@pytest.mark.security
@pytest.mark.parametrize(
    ("proxies", "counted"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.7")]
)
def test_the_client_address_depends_on_the_number_of_trusted_proxies(
    settings: Settings,
    build_app: ClientFactory,
    rate_limiter: FakeRateLimiter,
    proxies: int,
    counted: str,
) -> None:
    behind = Settings(
        auth=settings.auth,
        database_url=settings.database_url,
        trusted_proxies=proxies,
        limits=LimitSettings(),
    )
    client = build_app(settings=behind)

    client.get(URL, headers={"X-Forwarded-For": "10.0.0.1, 198.51.100.7, 203.0.113.9"})

    assert rate_limiter.hits == [("failed-auth", counted)]


@pytest.mark.security
def test_the_host_of_a_request_is_not_echoed(client: HeaderClient) -> None:
    response = client.post(URL, json=snapshot(), headers={"Host": "evil.test"})

    assert response.headers["Location"].startswith("/v1/")
    assert "evil.test" not in response.text + str(response.headers)
