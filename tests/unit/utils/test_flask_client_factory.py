from __future__ import annotations

import pytest
from flask import Flask, request

from tests.utils.flask_client_factory import build_client, make_client


def create_app(greeting: str = "hello") -> Flask:
    app = Flask("sample")

    @app.get("/")
    def index() -> dict[str, str | None]:
        return {
            "greeting": greeting,
            "authorization": request.headers.get("Authorization"),
            "x": request.headers.get("X"),
        }

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail")

    return app


@pytest.mark.architecture
def test_arguments_are_passed_on_and_the_client_has_the_app() -> None:
    client = build_client(create_app, greeting="good day")

    assert client.get("/").get_json() == {"greeting": "good day", "authorization": None, "x": None}
    assert client.application.testing


@pytest.mark.security
def test_only_the_client_with_the_token_sends_it() -> None:
    app = create_app()
    with_token, without = make_client(app, token="abc"), make_client(app)

    assert with_token.get("/").get_json()["authorization"] == "Bearer abc"
    assert without.get("/").get_json()["authorization"] is None


@pytest.mark.architecture
def test_headers_are_sent_with_every_request_and_a_request_can_override_them() -> None:
    client = make_client(create_app(), headers={"X": "always"})

    assert client.get("/").get_json()["x"] == "always"
    assert client.get("/", headers={"X": "once"}).get_json()["x"] == "once"
    assert client.get("/").get_json()["x"] == "always"


@pytest.mark.reliability
def test_an_exception_in_a_view_is_a_500_response() -> None:
    response = build_client(create_app).get("/broken")

    assert response.status_code == 500
    assert "secret detail" not in response.text
