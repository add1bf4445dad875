"""Wait until a service answers as it should."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import httpx

INTERVAL_SECONDS: Final = 0.05


class UnhealthyError(AssertionError):
    """A service that did not become healthy in time; the message tells its last answer."""


def wait_until_healthy(
    url: str,
    *,
    timeout: float = 15.0,
    client: httpx.Client | None = None,
    alive: Callable[[], bool] = lambda: True,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> httpx.Response:
    """Ask a URL until it answers 200.

    Args:
        url: Such as ``http://127.0.0.1:8101/readyz``.
        timeout: Seconds to go on asking.
        client: What to ask with.
        alive: Tells whether the service still runs; when it does not, there is no use in waiting.
        clock: Monotonic seconds.
        sleep: Waits for seconds.

    Returns:
        The healthy answer.

    Raises:
        UnhealthyError: The time is over, or the service has ended.
    """
    deadline = clock() + timeout
    # no proxy from the environment may stand between a test and its own machine
    with client or httpx.Client(timeout=INTERVAL_SECONDS * 40, trust_env=False) as http:
        while True:
            try:
                response = http.get(url)
            except httpx.TransportError as error:
                last = type(error).__name__
            else:
                if response.status_code == httpx.codes.OK:
                    return response
                last = f"{response.status_code} {response.text[:200]}"
            if not alive():
                raise UnhealthyError(f"{url}: the service has ended; last answer: {last}")
            if clock() >= deadline:
                raise UnhealthyError(f"{url}: not healthy after {timeout} s; last answer: {last}")
            sleep(INTERVAL_SECONDS)
