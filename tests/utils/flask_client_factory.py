"""Build Flask test clients that behave like clients on the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

P = ParamSpec("P")


class HeaderClient(FlaskClient):
    """A test client that sends the same headers with every request."""

    def __init__(self, app: Flask, headers: Mapping[str, str]) -> None:
        """Create a client of an app."""
        super().__init__(app, app.response_class, use_cookies=True)
        self._headers = dict(headers)

    def open(self, *args: Any, headers: Any = None, **kwargs: Any) -> TestResponse:  # noqa: ANN401  # the base class's signature
        """Send a request; headers given here override those sent with every request."""
        merged = Headers(self._headers)
        merged.update(Headers(headers))
        return super().open(*args, headers=merged, **kwargs)


def make_client(
    app: Flask, *, token: str | None = None, headers: Mapping[str, str] | None = None
) -> HeaderClient:
    """Return a client of an app.

    Exceptions in the app are returned as 500 responses, as a client on the network would get them.

    Args:
        app: The application; testing mode is switched on.
        token: A bearer token to send with every request.
        headers: Other headers to send with every request.
    """
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
    return HeaderClient(app, {**bearer, **(headers or {})})


def build_client(create_app: Callable[P, Flask], *args: P.args, **kwargs: P.kwargs) -> HeaderClient:
    """Build an app and return its client; the app is ``client.application``."""
    return make_client(create_app(*args, **kwargs))
