"""Build Flask test clients that see an application as a client on the network would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

P = ParamSpec("P")


class HeaderClient(FlaskClient):
    """A test client that sends the same header fields with every request."""

    def __init__(self, app: Flask, headers: Mapping[str, str]) -> None:
        """Bind the client to an app."""
        super().__init__(app, app.response_class, use_cookies=True)
        self._headers = dict(headers)

    def open(self, *args: Any, headers: Any = None, **kwargs: Any) -> TestResponse:  # noqa: ANN401  # the base's signature
        """Send a request; a field given here wins over one that is sent with every request."""
        merged = Headers(self._headers)
        merged.update(Headers(headers))
        return super().open(*args, headers=merged, **kwargs)


def make_client(
    app: Flask, *, token: str | None = None, headers: Mapping[str, str] | None = None
) -> HeaderClient:
    """Return a client of an app.

    Errors come back as the responses that a client would get: a test that wants to see a 500
    can, and one that does not fails on its status.

    Args:
        app: The application; it is put into testing mode.
        token: A bearer token to send with every request.
        headers: Other fields to send with every request.
    """
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
    return HeaderClient(app, {**bearer, **(headers or {})})


def build_client(create_app: Callable[P, Flask], *args: P.args, **kwargs: P.kwargs) -> HeaderClient:
    """Build an app and return a client of it, ``client.application`` being the app."""
    return make_client(create_app(*args, **kwargs))
