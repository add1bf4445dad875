from __future__ import annotations

from pathlib import Path

import pytest

from apps.api.settings import Settings
from tests.unit.api import issuer
from tests.unit.api.conftest import ClientFactory
from tests.unit.api.doubles import FakeAuth
from tests.utils.flask_client_factory import HeaderClient


@pytest.mark.architecture
def test_a_working_service_is_ready(anonymous: HeaderClient) -> None:
    response = anonymous.get("/readyz")

    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "checks": {"database": "ok", "keys": "ok"},
    }


@pytest.mark.reliability
def test_without_keys_the_service_is_alive_but_not_ready(
    anonymous: HeaderClient, auth: FakeAuth
) -> None:
    auth.is_ready = False

    response = anonymous.get("/readyz")

    assert response.status_code == 503
    assert response.get_json()["checks"] == {"database": "ok", "keys": "unavailable"}
    assert anonymous.get("/healthz").status_code == 200


@pytest.mark.reliability
def test_with_an_unmigrated_database_the_service_is_not_ready(
    build_app: ClientFactory, tmp_path: Path
) -> None:
    settings = Settings(auth=issuer.SETTINGS, database_url=f"sqlite:///{tmp_path}/new.sqlite3")

    response = build_app(settings=settings).get("/readyz")

    assert response.status_code == 503
    assert response.get_json()["checks"]["database"] == "not migrated"


@pytest.mark.security
def test_probes_do_not_reveal_the_database_url(build_app: ClientFactory, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/no/such/folder/hub.sqlite3"

    response = build_app(settings=Settings(auth=issuer.SETTINGS, database_url=url)).get("/readyz")

    assert response.status_code == 503
    assert response.get_json()["checks"]["database"] == "unreachable"
    assert "folder" not in response.text


@pytest.mark.architecture
def test_metrics_have_the_prometheus_text_format(anonymous: HeaderClient) -> None:
    response = anonymous.get("/metrics")

    assert response.content_type.startswith("text/plain; version=")
    assert "# TYPE hub_api_requests_total counter" in response.text


@pytest.mark.security
def test_metrics_contain_no_tenant_or_client(client: HeaderClient) -> None:
    client.get("/v1/repos/widgets/snapshots")

    text = client.get("/metrics").text
    assert "acme" not in text
    assert "widgets" not in text
