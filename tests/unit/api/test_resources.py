from __future__ import annotations

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from apps.api.settings import Settings
from tests.unit.api.conftest import ClientFactory
from tests.unit.api.doubles import FakeClock
from tests.unit.api.samples import COMMIT, URL, counts, snapshot
from tests.utils.flask_client_factory import HeaderClient, make_client

TREND = "/v1/repos/widgets/trend"
BADGE = "/v1/repos/widgets/badge.svg"


def kind(problem: dict[str, Any]) -> str:
    kind: str = problem["type"].rpartition(":")[2]
    return kind


class TestSendingSnapshots:
    @pytest.mark.architecture
    def test_a_new_snapshot_is_created_and_readable_at_its_location(
        self, client: HeaderClient
    ) -> None:
        created = client.post(URL, json=snapshot())
        stored = client.get(created.headers["Location"]).get_json()

        assert created.status_code == 201
        assert re.fullmatch(rf"{URL}/[0-9a-f]{{32}}", created.headers["Location"])
        assert stored.pop("document") == snapshot()
        assert stored == created.get_json()
        assert stored["total"] == {"counts": counts(100, 90, 20, 18), "percent": "90.00"}
        assert stored["themes"]["security"]["percent"] == "31.66"
        assert stored["received_at"] == "2026-11-21T12:00:00Z"
        assert (stored["repo"], stored["suite"], stored["commit"]) == ("widgets", "api", COMMIT)

    @pytest.mark.reliability
    def test_sending_a_snapshot_again_returns_the_same_resource(
        self, client: HeaderClient, clock: FakeClock
    ) -> None:
        first = client.post(URL, json=snapshot())
        clock.now += 3600
        second = client.post(URL, json=snapshot())

        assert second.status_code == 200
        assert second.get_json() == first.get_json()
        assert second.headers["Location"] == first.headers["Location"]

    @pytest.mark.reliability
    def test_different_content_for_the_same_run_is_a_conflict(self, client: HeaderClient) -> None:
        first = client.post(URL, json=snapshot())
        response = client.post(URL, json=snapshot(total=counts(100, 100)))

        assert response.status_code == 409
        assert kind(response.get_json()) == "snapshot-conflict"
        assert response.get_json()["existing"] == first.headers["Location"]

    @pytest.mark.reliability
    def test_concurrent_identical_requests_create_one_snapshot(self, client: HeaderClient) -> None:
        def post(_: int) -> int:
            return (
                make_client(client.application, token="acme").post(URL, json=snapshot()).status_code
            )

        with ThreadPoolExecutor(6) as pool:
            seen = sorted(pool.map(post, range(6)))

        assert seen == [200] * 5 + [201]
        assert len(client.get(URL).get_json()["items"]) == 1

    @pytest.mark.reliability
    def test_an_invalid_field_error_has_its_path(self, client: HeaderClient) -> None:
        document = snapshot()
        document["themes"]["security"]["earned"]["taken"] = 21

        response = client.post(URL, json=document)

        assert response.status_code == 422
        assert kind(response.get_json()) == "invalid-snapshot"
        assert response.get_json()["errors"] == [
            {
                "path": '$.themes["security"].earned',
                "detail": "`taken` is 21, more than 20",
            }
        ]

    @pytest.mark.reliability
    @pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 10_000])
    def test_invalid_json_is_a_400(self, client: HeaderClient, body: bytes) -> None:
        response = client.post(URL, data=body, content_type="application/json")

        assert response.status_code == 400
        assert kind(response.get_json()) == "malformed-json"

    @pytest.mark.security
    def test_a_body_over_the_limit_is_rejected(
        self, build_app: ClientFactory, settings: Settings
    ) -> None:
        small = Settings(
            auth=settings.auth, database_url=settings.database_url, max_body_bytes=1024
        )
        client = make_client(build_app(settings=small).application, token="acme")
        body = json.dumps(snapshot(padding="x" * 1024)).encode()

        response = client.post(URL, data=body, content_type="application/json")

        assert response.status_code == response.get_json()["status"] == 413
        assert response.content_type == "application/problem+json"
        assert client.get(URL).status_code == 404

    @pytest.mark.security
    @pytest.mark.parametrize(("excess", "status"), [(0, 201), (1, 413), (2, 413), (5000, 413)])
    @pytest.mark.parametrize("chunked", [False, True])
    def test_the_body_limit_is_exact_with_and_without_content_length(
        self,
        build_app: ClientFactory,
        settings: Settings,
        excess: int,
        status: int,
        *,
        chunked: bool,
    ) -> None:
        body = json.dumps(snapshot()).encode()
        limited = Settings(
            auth=settings.auth, database_url=settings.database_url, max_body_bytes=len(body)
        )
        client = make_client(build_app(settings=limited).application, token="acme")

        response = client.post(
            URL,
            data=body + b" " * excess,
            content_type="application/json",
            headers={"Transfer-Encoding": "chunked"} if chunked else {},
            environ_overrides={"wsgi.input_terminated": True} if chunked else {},
        )

        assert response.status_code == status

    @pytest.mark.security
    @pytest.mark.parametrize(
        "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "text/json"]
    )
    def test_another_media_type_is_rejected(
        self, client: HeaderClient, content_type: str | None
    ) -> None:
        # browsers send these cross-origin without a preflight request
        response = client.post(URL, data=json.dumps(snapshot()), content_type=content_type)

        assert response.status_code == 415
        assert response.headers["Accept-Post"] == "application/json"

    @pytest.mark.architecture
    def test_media_type_parameters_are_ignored(self, client: HeaderClient) -> None:
        response = client.post(
            URL, data=json.dumps(snapshot()), content_type="application/json; charset=utf-8"
        )

        assert response.status_code == 201

    @pytest.mark.security
    def test_a_compressed_body_is_rejected_without_decompressing_it(
        self, client: HeaderClient
    ) -> None:
        response = client.post(
            URL,
            data=gzip.compress(json.dumps(snapshot()).encode()),
            content_type="application/json",
            headers={"Content-Encoding": "gzip"},
        )

        assert response.status_code == 415
        assert response.headers["Accept-Encoding"] == "identity"

    @pytest.mark.architecture
    def test_outcomes_are_counted(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot())
        client.post(URL, json=snapshot())
        client.post(URL, json=snapshot(verdict="dropped"))

        text = client.get("/metrics").text
        for outcome in ("created", "repeated", "conflicting"):
            assert f'hub_api_snapshots_total{{outcome="{outcome}"}} 1.0' in text


class TestListing:
    @pytest.fixture
    def client_with_three(self, client: HeaderClient) -> HeaderClient:
        """A client with a repository of three snapshots."""
        for run in "abc":
            client.post(URL, json=snapshot(run_id=run, branch="dev" if run == "b" else "main"))
        return client

    @pytest.mark.architecture
    def test_following_the_link_visits_all_pages(self, client_with_three: HeaderClient) -> None:
        seen, url = [], f"{URL}?limit=1&suite=api"
        while url:
            response = client_with_three.get(url)
            seen += [item["run_id"] for item in response.get_json()["items"]]
            link = re.fullmatch(r'<(.+)>; rel="next"', response.headers.get("Link", ""))
            url = link[1] if link else ""
            assert response.get_json().get("next", "") == url

        assert seen == ["c", "b", "a"]

    @pytest.mark.architecture
    def test_filters_apply_to_the_list_and_the_next_link(
        self, client_with_three: HeaderClient
    ) -> None:
        response = client_with_three.get(f"{URL}?branch=main&limit=1")

        assert [item["run_id"] for item in response.get_json()["items"]] == ["c"]
        assert "branch=main" in response.headers["Link"]

    @pytest.mark.architecture
    def test_a_list_does_not_contain_the_documents(self, client_with_three: HeaderClient) -> None:
        assert all(
            "document" not in item for item in client_with_three.get(URL).get_json()["items"]
        )

    @pytest.mark.reliability
    def test_a_filter_without_matches_returns_an_empty_list(
        self, client_with_three: HeaderClient
    ) -> None:
        response = client_with_three.get(f"{URL}?suite=logging")

        assert response.get_json() == {"items": []}
        assert "Link" not in response.headers

    @pytest.mark.reliability
    @pytest.mark.parametrize(
        ("query", "message"),
        [
            ("limit=0", "$.limit"),
            ("limit=201", "$.limit"),
            ("limit=many", "$.limit"),
            ("colour=red", "colour"),
            ("suite=a&suite=b", "`suite` is given more than once"),
            ("suite=a/b", "$.suite"),
            ("branch=%00", "$.branch"),
            (f"cursor={'a' * 129}", "$.cursor"),
        ],
    )
    def test_a_bad_query_is_a_400_that_names_the_parameter(
        self, client_with_three: HeaderClient, query: str, message: str
    ) -> None:
        response = client_with_three.get(f"{URL}?{query}")

        assert response.status_code == 400
        assert kind(response.get_json()) == "invalid-query"
        assert message in response.get_json()["detail"]

    @pytest.mark.security
    @pytest.mark.parametrize("cursor", ["", "x", "AAAA", "A" * 32, "é", "../../etc/passwd"])
    def test_an_invalid_cursor_is_a_400(self, client_with_three: HeaderClient, cursor: str) -> None:
        response = client_with_three.get(URL, query_string={"cursor": cursor})

        assert response.status_code == 400
        assert kind(response.get_json()) == "invalid-cursor"

    @pytest.mark.security
    def test_a_cursor_of_another_list_is_a_400(self, client_with_three: HeaderClient) -> None:
        next_url = client_with_three.get(f"{URL}?limit=1").get_json()["next"]

        assert client_with_three.get(f"{next_url}&suite=api").status_code == 400

    @pytest.mark.security
    def test_a_cursor_gives_no_access_to_another_tenants_list(
        self, client_with_three: HeaderClient
    ) -> None:
        next_url = client_with_three.get(f"{URL}?limit=1").get_json()["next"]
        globex = make_client(client_with_three.application, token="globex")
        globex.post(URL, json=snapshot())

        assert globex.get(next_url).status_code == 400


class TestOtherTenants:
    @pytest.mark.security
    def test_another_tenants_resources_are_the_same_404_as_missing_ones(
        self, client: HeaderClient
    ) -> None:
        theirs = client.post(URL, json=snapshot()).headers["Location"]
        globex = make_client(client.application, token="globex")
        never = "/v1/repos/never-heard-of"

        for ours, nobodys in (
            (theirs, f"{never}/snapshots/{'0' * 32}"),
            (URL, f"{never}/snapshots"),
            (f"{TREND}?suite=api", f"{never}/trend?suite=api"),
            (f"{BADGE}?suite=api", f"{never}/badge.svg?suite=api"),
        ):
            hidden, absent = globex.get(ours), globex.get(nobodys)
            assert hidden.status_code == absent.status_code == 404
            assert hidden.get_json()["detail"] == absent.get_json()["detail"]

    @pytest.mark.security
    def test_runs_of_different_tenants_do_not_conflict(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot())

        globex = make_client(client.application, token="globex")

        assert globex.post(URL, json=snapshot(verdict="dropped")).status_code == 201


class TestTrend:
    @pytest.mark.architecture
    def test_points_are_in_time_order_with_percentages_rounded_down(
        self, client: HeaderClient
    ) -> None:
        for run, hour, executed in (("late", 9, 89_996), ("early", 7, 50_000)):
            client.post(
                URL,
                json=snapshot(
                    run_id=run,
                    recorded_at=f"2026-11-21T0{hour}:00:00Z",
                    total=counts(100_000, executed),
                ),
            )

        trend = client.get(f"{TREND}?suite=api").get_json()

        assert (trend["repo"], trend["suite"], trend["theme"]) == ("widgets", "api", None)
        assert [(point["recorded_at"], point["percent"]) for point in trend["points"]] == [
            ("2026-11-21T07:00:00Z", "50.00"),
            ("2026-11-21T09:00:00Z", "89.99"),
        ]
        assert trend["points"][1]["counts"] == counts(100_000, 89_996)
        assert trend["points"][1]["commit"] == COMMIT

    @pytest.mark.architecture
    def test_a_theme_has_a_trend_of_its_earned_coverage(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot())

        (point,) = client.get(f"{TREND}?suite=api&theme=security").get_json()["points"]

        assert point["counts"] == counts(100, 30, 20, 8)

    @pytest.mark.reliability
    def test_nothing_to_cover_is_null_not_100_percent(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot(total=counts(0, 0)))

        (point,) = client.get(f"{TREND}?suite=api").get_json()["points"]

        assert point["percent"] is None

    @pytest.mark.reliability
    @pytest.mark.parametrize("query", ["suite=auth", "suite=api&theme=none", "suite=api&branch=x"])
    def test_a_trend_without_points_is_a_404(self, client: HeaderClient, query: str) -> None:
        client.post(URL, json=snapshot())

        assert client.get(f"{TREND}?{query}").status_code == 404

    @pytest.mark.reliability
    @pytest.mark.parametrize("path", [TREND, BADGE])
    def test_the_suite_is_required(self, client: HeaderClient, path: str) -> None:
        response = client.get(path)

        assert response.status_code == 400
        assert "`suite`" in response.get_json()["detail"]


class TestBadge:
    @pytest.mark.architecture
    def test_the_badge_shows_the_latest_snapshot(self, client: HeaderClient) -> None:
        for run, hour, executed in (("late", 9, 80), ("early", 7, 100)):
            client.post(
                URL,
                json=snapshot(
                    run_id=run,
                    recorded_at=f"2026-11-21T0{hour}:00:00Z",
                    total=counts(100, executed),
                ),
            )

        response = client.get(f"{BADGE}?suite=api")

        assert response.content_type == "image/svg+xml"
        assert 'aria-label="api coverage: 80.00%"' in response.text

    @pytest.mark.architecture
    def test_an_unchanged_badge_is_not_sent_again(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot())
        etag = client.get(f"{BADGE}?suite=api").headers["ETag"]

        same = client.get(f"{BADGE}?suite=api", headers={"If-None-Match": etag})
        client.post(URL, json=snapshot(run_id="run-2", total=counts(100, 1)))
        other = client.get(f"{BADGE}?suite=api", headers={"If-None-Match": etag})

        assert (same.status_code, same.data) == (304, b"")
        assert other.status_code == 200
        assert other.headers["ETag"] != etag

    @pytest.mark.security
    def test_a_badge_may_only_be_cached_privately(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot())

        headers = client.get(f"{BADGE}?suite=api").headers

        assert headers["Cache-Control"] == "private, max-age=60"
        assert headers["Vary"] == "Authorization"
        assert headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.reliability
    def test_a_suite_without_snapshots_has_no_badge(self, client: HeaderClient) -> None:
        client.post(URL, json=snapshot())

        assert client.get(f"{BADGE}?suite=auth").status_code == 404
        assert client.get(f"{BADGE}?suite=api&theme=none").status_code == 404
