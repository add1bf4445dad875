from __future__ import annotations

import re

import pytest
import structlog
from flask import Flask

from apps.api.tracing import log_with
from tests.unit.api.samples import URL
from tests.utils.flask_client_factory import HeaderClient, make_client


@pytest.mark.architecture
@pytest.mark.parametrize("sent_id", ["build-17.attempt_2", "a", "A" * 64])
def test_a_valid_request_id_is_reused(anonymous: HeaderClient, sent_id: str) -> None:
    response = anonymous.get("/nowhere", headers={"X-Request-Id": sent_id})

    assert response.headers["X-Request-Id"] == response.get_json()["request_id"] == sent_id


@pytest.mark.security
@pytest.mark.parametrize("sent_id", ["", "a" * 65, "a b", "<script>", "a\tb", "é", "a,b"])
def test_an_invalid_request_id_is_replaced(anonymous: HeaderClient, sent_id: str) -> None:
    response = anonymous.get("/nowhere", headers={"X-Request-Id": sent_id})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-Id"])
    assert response.get_json()["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.architecture
def test_every_request_gets_a_unique_id(anonymous: HeaderClient) -> None:
    ids = {anonymous.get("/healthz").headers["X-Request-Id"] for _ in range(5)}

    assert len(ids) == 5


def add_view_of_context(app: Flask, *, broken: bool = False) -> list[dict[str, object]]:
    contexts: list[dict[str, object]] = []

    @app.get("/context")
    def view() -> str:
        log_with(repo="widgets")
        contexts.append(dict(structlog.contextvars.get_contextvars()))
        if broken:
            raise RuntimeError
        return ""

    return contexts


@pytest.mark.architecture
def test_the_log_context_has_the_request_id_during_the_request(
    anonymous: HeaderClient,
) -> None:
    contexts = add_view_of_context(anonymous.application)

    anonymous.get("/context", headers={"X-Request-Id": "abc"})

    assert contexts == [{"request_id": "abc", "repo": "widgets"}]
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.reliability
def test_a_failed_request_leaves_nothing_in_the_log_context(anonymous: HeaderClient) -> None:
    add_view_of_context(anonymous.application, broken=True)

    assert anonymous.get("/context").status_code == 500
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.security
def test_the_tenant_of_one_request_is_not_in_the_next_context(client: HeaderClient) -> None:
    contexts = add_view_of_context(client.application)
    client.get(URL)

    client.get("/context", headers={"X-Request-Id": "abc"})

    assert "tenant" not in contexts[0]


@pytest.mark.reliability
def test_invented_paths_and_methods_do_not_create_metrics(
    client: HeaderClient,
) -> None:
    for name in ("a", "b", "c"):
        client.get(f"/v1/repos/{name}/snapshots")
        client.get(f"/nowhere/{name}")
        client.open("/healthz", method=f"MADE-{name}")

    text = make_client(client.application).get("/metrics").text
    route = "/v1/repos/<repo:repo>/snapshots"
    assert f'hub_api_requests_total{{method="GET",route="{route}",status="404"}} 3.0' in text
    assert 'hub_api_requests_total{method="GET",route="unmatched",status="404"} 3.0' in text
    assert 'hub_api_requests_total{method="OTHER",route="unmatched",status="405"} 3.0' in text
    assert "MADE" not in text
    assert f'hub_api_request_seconds_count{{method="GET",route="{route}"}} 3.0' in text


@pytest.mark.reliability
def test_teardown_without_a_request_does_nothing(anonymous: HeaderClient) -> None:
    with anonymous.application.test_request_context():
        pass

    assert structlog.contextvars.get_contextvars() == {}
