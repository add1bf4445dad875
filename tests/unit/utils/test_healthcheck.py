from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.utils.healthcheck import INTERVAL_SECONDS, UnhealthyError, wait_until_healthy

URL = "http://service.test/readyz"


class FakeTime:
    """A clock that advances only while the code sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(
    respond: Callable[[int], httpx.Response],
    *,
    timeout: float = 1.0,
    alive: Callable[[], bool] = lambda: True,
) -> tuple[httpx.Response, FakeTime]:
    attempt = 0

    def handler(_request: httpx.Request) -> httpx.Response:
        nonlocal attempt
        attempt += 1
        return respond(attempt)

    fake_time = FakeTime()
    client = httpx.Client(transport=httpx.MockTransport(handler))
    response = wait_until_healthy(
        URL,
        timeout=timeout,
        client=client,
        alive=alive,
        clock=fake_time.clock,
        sleep=fake_time.sleep,
    )
    return response, fake_time


def refuse_connection(_attempt: int) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.architecture
def test_the_first_healthy_response_is_returned_immediately() -> None:
    response, fake_time = wait(lambda _attempt: httpx.Response(200, text="ready"))

    assert response.text == "ready"
    assert fake_time.now == 0


@pytest.mark.reliability
def test_requests_are_repeated_while_the_service_is_not_ready() -> None:
    response, fake_time = wait(lambda attempt: httpx.Response(200 if attempt == 4 else 503))

    assert response.status_code == 200
    assert fake_time.now == pytest.approx(3 * INTERVAL_SECONDS)


@pytest.mark.reliability
def test_requests_are_repeated_after_a_refused_connection() -> None:
    response, _ = wait(
        lambda attempt: refuse_connection(attempt) if attempt == 1 else httpx.Response(200)
    )

    assert response.status_code == 200


@pytest.mark.reliability
def test_the_timeout_error_shows_the_last_response() -> None:
    with pytest.raises(UnhealthyError, match=r"not healthy after 1\.0 s; last response: 503 keys"):
        wait(lambda _attempt: httpx.Response(503, text="keys: unavailable"))


@pytest.mark.reliability
def test_an_ended_service_is_an_immediate_error() -> None:
    with pytest.raises(UnhealthyError, match="has ended; last response: ConnectError"):
        wait(refuse_connection, timeout=1e9, alive=lambda: False)


@pytest.mark.security
def test_a_redirect_is_not_healthy() -> None:
    with pytest.raises(UnhealthyError, match="302"):
        wait(lambda _attempt: httpx.Response(302, headers={"Location": "http://elsewhere.test/"}))
