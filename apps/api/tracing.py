"""Request tracing: an id, a log context, a log record and metrics for each request."""

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
_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_log = get_logger(__name__)


def request_id() -> str:
    """Return the current request's id: the one that the client sent if valid, else a new one."""
    if "request_id" not in g:
        sent_id = request.headers.get(HEADER, "")
        g.request_id = sent_id if _VALID_ID.fullmatch(sent_id) else uuid.uuid4().hex
    identifier: str = g.request_id
    return identifier


def log_with(**values: object) -> None:
    """Add values to the log context until the current request ends."""
    stack: ExitStack = g.log_context
    stack.enter_context(context(**values))


def install(app: Flask, metrics: Metrics) -> None:
    """Trace all requests of an app. Install this first, so that it wraps all other handlers."""

    def begin() -> None:
        g.started = time.perf_counter()
        g.log_context = ExitStack()
        log_with(request_id=request_id())

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.started
        # the template, not the path: clients can invent any number of paths
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
