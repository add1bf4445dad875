from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.utils.healthcheck import INTERVAL_SECONDS, UnhealthyError, wait_until_healthy

URL = "http://service.test/readyz"


class Waits:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(
    answer: Callable[[int], httpx.Response],
    *,
    timeout: float = 1.0,
    alive: Callable[[], bool] = lambda: True,
) -> tuple[httpx.Response, Waits]:
    asked = 0

    def handler(_request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return answer(asked)

    waits = Waits()
    client = httpx.Client(transport=httpx.MockTransport(handler))
    response = wait_until_healthy(
        URL, timeout=timeout, client=client, alive=alive, clock=waits.clock, sleep=waits.sleep
    )
    return response, waits


def refuse(_asked: int) -> httpx.Response:
    raise httpx.ConnectError("refused")


@pytest.mark.architecture
def test_the_first_healthy_answer_is_returned_at_once() -> None:
    response, waits = wait(lambda _asked: httpx.Response(200, text="ready"))

    assert response.text == "ready"
    assert waits.now == 0


@pytest.mark.reliability
def test_it_goes_on_asking_while_the_service_is_not_ready() -> None:
    response, waits = wait(lambda asked: httpx.Response(200 if asked == 4 else 503))

    assert response.status_code == 200
    assert waits.now == pytest.approx(3 * INTERVAL_SECONDS)


@pytest.mark.reliability
def test_a_refused_connection_is_no_reason_to_stop_asking() -> None:
    response, _ = wait(lambda asked: refuse(asked) if asked == 1 else httpx.Response(200))

    assert response.status_code == 200


@pytest.mark.reliability
def test_when_the_time_is_over_the_last_answer_is_told() -> None:
    with pytest.raises(UnhealthyError, match=r"not healthy after 1\.0 s; last answer: 503 keys"):
        wait(lambda _asked: httpx.Response(503, text="keys: unavailable"))


@pytest.mark.reliability
def test_nobody_waits_for_a_service_that_has_ended() -> None:
    with pytest.raises(UnhealthyError, match="has ended; last answer: ConnectError"):
        wait(refuse, timeout=1e9, alive=lambda: False)


@pytest.mark.security
def test_a_redirect_to_another_place_is_not_taken_for_health() -> None:
    with pytest.raises(UnhealthyError, match="302"):
        wait(lambda _asked: httpx.Response(302, headers={"Location": "http://elsewhere.test/"}))
