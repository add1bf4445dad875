from __future__ import annotations

import re

import pytest
import structlog
from flask import Flask

from apps.api.tracing import log_with
from tests.unit.api.samples import URL
from tests.utils.flask_client_factory import HeaderClient, make_client


@pytest.mark.architecture
@pytest.mark.parametrize("given", ["build-17.attempt_2", "a", "A" * 64])
def test_a_sane_request_id_is_kept(anonymous: HeaderClient, given: str) -> None:
    response = anonymous.get("/nowhere", headers={"X-Request-Id": given})

    assert response.headers["X-Request-Id"] == response.get_json()["request_id"] == given


@pytest.mark.security
@pytest.mark.parametrize("given", ["", "a" * 65, "a b", "<script>", "a\tb", "é", "a,b"])
def test_any_other_is_replaced(anonymous: HeaderClient, given: str) -> None:
    response = anonymous.get("/nowhere", headers={"X-Request-Id": given})

    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-Id"])
    assert response.get_json()["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.architecture
def test_every_request_gets_an_id_of_its_own(anonymous: HeaderClient) -> None:
    ids = {anonymous.get("/healthz").headers["X-Request-Id"] for _ in range(5)}

    assert len(ids) == 5


def add_view_of_context(app: Flask, *, broken: bool = False) -> list[dict[str, object]]:
    seen: list[dict[str, object]] = []

    @app.get("/context")
    def view() -> str:
        log_with(repo="widgets")
        seen.append(dict(structlog.contextvars.get_contextvars()))
        if broken:
            raise RuntimeError
        return ""

    return seen


@pytest.mark.architecture
def test_the_log_context_carries_the_request_id_while_the_request_lasts(
    anonymous: HeaderClient,
) -> None:
    seen = add_view_of_context(anonymous.application)

    anonymous.get("/context", headers={"X-Request-Id": "abc"})

    assert seen == [{"request_id": "abc", "repo": "widgets"}]
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.reliability
def test_nothing_of_a_failed_request_is_left_in_the_log_context(anonymous: HeaderClient) -> None:
    add_view_of_context(anonymous.application, broken=True)

    assert anonymous.get("/context").status_code == 500
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.security
def test_the_context_of_one_tenant_does_not_reach_the_next_request(client: HeaderClient) -> None:
    seen = add_view_of_context(client.application)
    client.get(URL)

    client.get("/context", headers={"X-Request-Id": "abc"})

    assert "tenant" not in seen[0]


@pytest.mark.reliability
def test_paths_and_methods_that_clients_make_up_do_not_make_new_metrics(
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
def test_a_context_in_which_no_request_began_can_be_left(anonymous: HeaderClient) -> None:
    with anonymous.application.test_request_context():
        pass

    assert structlog.contextvars.get_contextvars() == {}
