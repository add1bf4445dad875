from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

import pytest

from apps.api.gate import subscriber
from apps.api.problems import ProblemError
from apps.api.settings import LimitSettings
from tests.unit.api.conftest import ClientFactory
from tests.unit.api.doubles import FakeAuth, FakeRateLimiter, FakeTenants
from tests.unit.api.samples import URL, snapshot
from tests.utils.flask_client_factory import HeaderClient, make_client


@pytest.mark.architecture
def test_reads_and_writes_have_separate_quotas(
    client: HeaderClient, rate_limiter: FakeRateLimiter
) -> None:
    client.post(URL, json=snapshot())
    client.get(URL)
    client.head(URL)

    assert [hit[0] for hit in rate_limiter.hits] == ["writes", "reads", "reads"]
    assert {hit[1:] for hit in rate_limiter.hits} == {("acme", "acme-ci")}


@pytest.mark.architecture
@pytest.mark.parametrize("path", [URL, f"{URL}?limit=0", "/v1/repos/unknown/trend?suite=api"])
def test_responses_to_authenticated_clients_have_rate_limit_headers(
    client: HeaderClient, path: str
) -> None:
    headers = client.get(path).headers

    assert headers["RateLimit-Policy"] == '"reads";q=600;w=60'
    assert headers["RateLimit"] == '"reads";r=7;t=42'


@pytest.mark.reliability
def test_over_the_quota_the_response_has_retry_after(
    client: HeaderClient, rate_limiter: FakeRateLimiter
) -> None:
    rate_limiter.rejected.add("writes")

    response = client.post(URL, json=snapshot())

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "42"
    assert response.headers["RateLimit"] == '"writes";r=0;t=42'
    assert response.get_json()["type"] == "urn:coverage-hub:problem:rate-limited"
    assert client.get(URL).status_code == 404  # reading still works, and nothing was stored


@pytest.mark.security
def test_rejected_requests_count_against_the_quota(
    anonymous: HeaderClient, rate_limiter: FakeRateLimiter
) -> None:
    make_client(anonymous.application, token="acme-reader").post(URL, json=snapshot())
    make_client(anonymous.application, token="acme").get("/v1/tenants/globex/repos/x/snapshots")

    assert rate_limiter.hits == [("writes", "acme", "acme-dash"), ("reads", "acme", "acme-ci")]


@pytest.mark.security
def test_reading_does_not_allow_writing(anonymous: HeaderClient) -> None:
    response = make_client(anonymous.application, token="acme-reader").post(URL, json=snapshot())

    assert response.status_code == 403
    assert response.get_json()["type"] == "urn:coverage-hub:problem:insufficient-scope"
    assert 'scope="snapshots:write"' in response.headers["WWW-Authenticate"]


@pytest.mark.security
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_writing_does_not_allow_reading(
    anonymous: HeaderClient, client: HeaderClient, method: str
) -> None:
    client.post(URL, json=snapshot())

    response = make_client(anonymous.application, token="acme-writer").open(URL, method=method)

    assert response.status_code == 403
    assert 'scope="snapshots:read"' in response.headers["WWW-Authenticate"]


@pytest.mark.security
@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/tenants/globex/repos/widgets/snapshots", {}),
        (URL, {"X-Tenant": "globex"}),
        (URL, {"X-Tenant": ""}),
        ("/v1/tenants/acme/repos/widgets/snapshots", {"X-Tenant": "globex"}),
        ("/v1/tenants/globex/repos/widgets/snapshots", {"X-Tenant": "acme"}),
    ],
)
def test_a_request_for_another_tenant_is_rejected(
    client: HeaderClient, path: str, headers: dict[str, str]
) -> None:
    for response in (
        client.get(path, headers=headers),
        client.post(path, headers=headers, json=snapshot()),
    ):
        assert response.status_code == 403
        assert response.get_json()["type"] == "urn:coverage-hub:problem:other-tenant"


@pytest.mark.architecture
def test_the_tokens_tenant_can_be_in_the_path(client: HeaderClient) -> None:
    path = "/v1/tenants/acme/repos/widgets/snapshots"

    created = client.post(path, json=snapshot(), headers={"X-Tenant": "acme"})

    assert created.status_code == 201
    assert created.headers["Location"].startswith(path)
    assert client.get(created.headers["Location"]).status_code == 200
    assert len(client.get(URL).get_json()["items"]) == 1


@pytest.mark.architecture
def test_the_store_uses_the_tenant_from_the_middleware(
    build_app: ClientFactory, tenants: FakeTenants
) -> None:
    client = make_client(build_app(tenants=tenants).application, token="acme")
    client.post(URL, json=snapshot())

    tenants.imposed = "globex"

    assert client.get(URL).status_code == 404


class TestFailedAuthentication:
    @pytest.mark.security
    def test_failures_count_against_the_address(
        self, anonymous: HeaderClient, rate_limiter: FakeRateLimiter
    ) -> None:
        anonymous.get(URL)
        anonymous.get(URL, headers={"Authorization": "Bearer wrong"})

        assert rate_limiter.hits == [("failed-auth", "127.0.0.1")] * 2

    @pytest.mark.reliability
    def test_an_issuer_outage_does_not_count_as_failed_authentication(
        self, build_app: ClientFactory, rate_limiter: FakeRateLimiter
    ) -> None:
        class Down(FakeAuth):
            def authenticate(self, authorization: str | None) -> NoReturn:
                raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "no keys")

        client = make_client(build_app(auth=Down()).application, token="acme")

        assert client.get(URL).status_code == 503
        assert rate_limiter.hits == []

    @pytest.mark.security
    def test_after_too_many_failures_no_token_is_checked(
        self, client: HeaderClient, auth: FakeAuth, rate_limiter: FakeRateLimiter
    ) -> None:
        rate_limiter.rejected.add("failed-auth")

        response = client.get(URL)

        assert response.status_code == 429
        assert response.headers["Retry-After"] == "42"
        assert auth.calls == 0

    @pytest.mark.reliability
    def test_valid_requests_do_not_count_against_the_address(
        self, settings: object, build_app: ClientFactory, auth: FakeAuth
    ) -> None:
        client = make_client(build_app(rate_limiter=None).application, token="acme")
        allowed = int(LimitSettings().failed_auth.split("/")[0])

        assert {client.get(URL).status_code for _ in range(allowed + 5)} == {404}

    @pytest.mark.security
    def test_an_unauthenticated_flood_ends_in_429(self, build_app: ClientFactory) -> None:
        flood = build_app(rate_limiter=None)
        allowed = int(LimitSettings().failed_auth.split("/")[0])

        statuses = [flood.get(URL).status_code for _ in range(allowed + 5)]

        assert statuses == [401] * allowed + [429] * 5

    @pytest.mark.security
    def test_a_flood_from_one_address_does_not_block_another(
        self, build_app: ClientFactory
    ) -> None:
        flood = build_app(rate_limiter=None)
        for _ in range(40):
            flood.get(URL)

        other = flood.get(
            URL,
            headers={"Authorization": "Bearer acme"},
            environ_overrides={"REMOTE_ADDR": "203.0.113.9"},
        )

        assert other.status_code == 404


@pytest.mark.security
@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        (None, "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_all_addresses_of_an_ipv6_64_count_as_one(address: str | None, counted: str) -> None:
    assert subscriber(address) == counted


@pytest.mark.architecture
def test_rejections_are_counted_by_reason(
    anonymous: HeaderClient, rate_limiter: FakeRateLimiter
) -> None:
    anonymous.get(URL)
    make_client(anonymous.application, token="acme").get(URL, headers={"X-Tenant": "x"})
    rate_limiter.rejected.add("reads")
    make_client(anonymous.application, token="acme").get(URL)

    text = anonymous.get("/metrics").text
    for reason in ("unauthorized", "other-tenant", "rate-limited"):
        assert f'hub_api_refusals_total{{reason="{reason}"}} 1.0' in text
