"""What every request carries along: an id, a log context, a line in the log, its metrics."""

from __future__ import annotations

import re
import time
import uuid
from contextlib import ExitStack

from flask import Flask, Response, g, request

from apps.api.metrics import Metrics
from logging_lib import context, get_logger

HEADER = "X-Request-Id"
UNMATCHED = "unmatched"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_log = get_logger(__name__)


def request_id() -> str:
    """The id of the request in hand: the client's own where it is sane, else a new one."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex
    identifier: str = g.request_id
    return identifier


def log_with(**values: object) -> None:
    """Add values to the log context until the request in hand ends."""
    stack: ExitStack = g.log_context
    stack.enter_context(context(**values))


def install(app: Flask, metrics: Metrics) -> None:
    """Trace every request of an app. Install it first, so that it wraps all others."""

    def begin() -> None:
        g.started = time.perf_counter()
        g.log_context = ExitStack()
        log_with(request_id=request_id())

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        # the template, not the path: paths are the client's and have no end
        route = request.url_rule.rule if request.url_rule else UNMATCHED
        method = request.method if request.method in _METHODS else "OTHER"
        metrics.requests.labels(method, route, response.status_code).inc()
        metrics.latency.labels(method, route).observe(seconds)
        _log.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            duration_ms=round(seconds * 1000, 1),
        )
        response.headers[HEADER] = request_id()
        return response

    def leave(_error: BaseException | None) -> None:
        stack: ExitStack | None = g.pop("log_context", None)
        if stack is not None:
            stack.close()

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(leave)
