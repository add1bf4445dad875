"""Wait until a service is healthy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import httpx

INTERVAL_SECONDS: Final = 0.05


class UnhealthyError(AssertionError):
    """A service did not become healthy in time; the message shows its last response."""


def wait_until_healthy(
    url: str,
    *,
    timeout: float = 15.0,
    client: httpx.Client | None = None,
    alive: Callable[[], bool] = lambda: True,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> httpx.Response:
    """Request a URL until the response is 200.

    Args:
        url: For example ``http://127.0.0.1:8101/readyz``.
        timeout: Maximum seconds to wait.
        client: The HTTP client to use.
        alive: Returns whether the service is still running; if not, waiting stops.
        clock: Monotonic seconds.
        sleep: Waits for a number of seconds.

    Returns:
        The successful response.

    Raises:
        UnhealthyError: The time ran out, or the service has ended.
    """
    deadline = clock() + timeout
    # bypass any proxy from the environment
    with client or httpx.Client(timeout=INTERVAL_SECONDS * 40, trust_env=False) as http:
        while True:
            try:
                response = http.get(url)
            except httpx.TransportError as error:
                last_response = type(error).__name__
            else:
                if response.status_code == httpx.codes.OK:
                    return response
                last_response = f"{response.status_code} {response.text[:200]}"
            if not alive():
                raise UnhealthyError(
                    f"{url}: the service has ended; last response: {last_response}"
                )
            if clock() >= deadline:
                raise UnhealthyError(
                    f"{url}: not healthy after {timeout} s; last response: {last_response}"
                )
            sleep(INTERVAL_SECONDS)
