"""Problem documents (RFC 9457): the format of all error responses."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from flask import Flask, Response
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from apps.api.tracing import request_id
from logging_lib import get_logger

CONTENT_TYPE = "application/problem+json"
RETRY_DATABASE_SECONDS = 5
_FORWARDED_HEADERS = ("Allow",)
_log = get_logger(__name__)


class ProblemError(Exception):
    """An error that is returned to the client."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
        **members: object,
    ) -> None:
        """Compose the problem.

        Args:
            status: The HTTP status.
            detail: What went wrong, for a human; it is shown to the client.
            kind: The last part of the ``type`` URN, for errors that clients need to distinguish.
            headers: Headers that the protocol requires.
            members: Extension members (RFC 9457 §3.2).
        """
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.kind = kind
        self.headers = dict(headers or {})
        self.members = members

    def response(self) -> Response:
        """Return the problem document as a response."""
        kind = f"urn:coverage-hub:problem:{self.kind}" if self.kind else "about:blank"
        document = {
            "type": kind,
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
            "request_id": request_id(),
            **self.members,
        }
        return Response(
            msgspec.json.encode(document),
            status=self.status,
            headers=self.headers,
            content_type=CONTENT_TYPE,
        )


def install(app: Flask) -> None:
    """Return all errors of an app, including the framework's, as problem documents."""
    app.register_error_handler(ProblemError, ProblemError.response)
    app.register_error_handler(HTTPException, _from_http)
    for kind in (OperationalError, InterfaceError, PoolTimeoutError):
        app.register_error_handler(kind, _from_database)
    app.register_error_handler(Exception, _from_bug)


def _from_http(error: HTTPException) -> Response:
    original = error.get_response().headers
    headers = {name: original[name] for name in _FORWARDED_HEADERS if name in original}
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    return ProblemError(status, error.description or status.description, headers=headers).response()


def _from_database(error: Exception) -> Response:
    _log.error("database_unavailable", error=type(error).__name__, exc_info=error)
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database is not available at the moment.",
        headers={"Retry-After": str(RETRY_DATABASE_SECONDS)},
    ).response()


def _from_bug(error: Exception) -> Response:
    _log.error("unhandled_error", error=type(error).__name__, exc_info=error)
    return ProblemError(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error. The log contains details under the request id.",
    ).response()
