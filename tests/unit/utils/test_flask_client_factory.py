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
def test_arguments_reach_the_factory_and_the_app_can_be_reached_from_the_client() -> None:
    client = build_client(create_app, greeting="good day")

    assert client.get("/").get_json() == {"greeting": "good day", "authorization": None, "x": None}
    assert client.application.testing


@pytest.mark.security
def test_the_token_is_sent_as_bearer_and_only_by_the_client_that_has_it() -> None:
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
def test_a_bug_comes_back_as_a_response_and_does_not_raise_through_the_client() -> None:
    response = build_client(create_app).get("/broken")

    assert response.status_code == 500
    assert "secret detail" not in response.text
