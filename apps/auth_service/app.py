"""The Flask application: endpoints, request ids and error responses."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error  # type: ignore[import-untyped]
from authlib.oauth2.rfc8414 import (  # type: ignore[import-untyped]
    AuthorizationServerMetadata,
    get_well_known_url,
)
from flask import Flask, Response, g, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from apps.auth_service.client_auth import AUTH_METHODS, GRANT_TYPE, UnavailableError
from apps.auth_service.clients import load_registry, registry_fingerprint
from apps.auth_service.jose import ALGORITHMS
from apps.auth_service.keys import NoSigningKeyError, load_ring, ring_fingerprint
from apps.auth_service.metrics import Metrics
from apps.auth_service.oauth import TokenServer
from apps.auth_service.parts import EXTENSION, Parts
from apps.auth_service.reload import Reloading
from apps.auth_service.replay import ReplayCache
from apps.auth_service.settings import Settings, load_settings
from apps.auth_service.tokens import AccessTokens
from logging_lib import context, get_logger

log = get_logger(__name__)

_MAX_BODY = 16 * 1024
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def create_app(config_path: Path | str, *, clock: Callable[[], float] = time.time) -> Flask:
    """Build the app from a TOML configuration file.

    Args:
        config_path: The configuration file.
        clock: Seconds since the epoch.

    Raises:
        ConfigError: The configuration, a signing key or the client registry is invalid.
    """
    settings = load_settings(Path(config_path))
    keys_path, clients_path = settings.keys_path, settings.clients_path
    return build_app(
        Parts(
            settings=settings,
            keys=Reloading(
                "keys",
                lambda: load_ring(keys_path),
                lambda: ring_fingerprint(keys_path),
                interval=settings.reload_interval,
                clock=time.monotonic,
            ),
            clients=Reloading(
                "clients",
                lambda: load_registry(clients_path, settings.scopes),
                lambda: registry_fingerprint(clients_path),
                interval=settings.reload_interval,
                clock=time.monotonic,
            ),
            replay=ReplayCache(settings.assertions.replay_capacity, clock),
            clock=clock,
        )
    )


def build_app(parts: Parts) -> Flask:
    """Build the app from its parts and store them in ``app.extensions["auth_service"]``."""
    app = Flask("apps.auth_service")
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.extensions[EXTENSION] = parts
    metrics = Metrics()
    metrics.watch(
        "auth_replay_cache_entries", "Live assertion identifiers.", lambda: len(parts.replay)
    )
    metrics.watch("auth_keys_stale", "1 if changed keys were rejected.", lambda: parts.keys.stale)
    metrics.watch(
        "auth_clients_stale", "1 if a changed registry was rejected.", lambda: parts.clients.stale
    )
    _add_request_scope(app, metrics)
    _add_oauth(app, parts, metrics)
    _add_documents(app, parts)
    _add_operations(app, parts, metrics)
    if hops := parts.settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops
        )
    return app


def metadata(settings: Settings) -> dict[str, Any]:
    """Return the authorization server metadata (RFC 8414 §2), validated by Authlib."""
    document = AuthorizationServerMetadata(
        issuer=settings.issuer,
        token_endpoint=f"{settings.issuer}/oauth/token",
        introspection_endpoint=f"{settings.issuer}/oauth/introspect",
        jwks_uri=f"{settings.issuer}/.well-known/jwks.json",
        scopes_supported=list(settings.scopes),
        grant_types_supported=[GRANT_TYPE],
        token_endpoint_auth_methods_supported=list(AUTH_METHODS),
        token_endpoint_auth_signing_alg_values_supported=list(ALGORITHMS),
        introspection_endpoint_auth_methods_supported=list(AUTH_METHODS),
        introspection_endpoint_auth_signing_alg_values_supported=list(ALGORITHMS),
    )
    for member in document:
        getattr(document, f"validate_{member}")()
    # Required by §2; empty because there is no authorization endpoint. Added after validation,
    # since Authlib's validator rejects an empty list.
    return {**document, "response_types_supported": []}


def _add_request_scope(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def begin() -> None:
        sent_id = request.headers.get("X-Request-Id", "")
        g.request_id = sent_id if _REQUEST_ID.fullmatch(sent_id) else uuid.uuid4().hex
        g.started = time.perf_counter()
        g.scope = ExitStack()
        g.scope.enter_context(context(request_id=g.request_id))

    @app.after_request
    def finish(response: Response) -> Response:
        elapsed = time.perf_counter() - g.started
        endpoint = request.endpoint or "none"
        metrics.duration.labels(endpoint=endpoint, status=response.status_code).observe(elapsed)
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            seconds=round(elapsed, 6),
        )
        response.headers["X-Request-Id"] = g.request_id
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        scope: ExitStack | None = g.pop("scope", None)
        if scope is not None:
            scope.close()

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> tuple[Response, int]:
        name = error.name.lower().replace(" ", "_")
        return jsonify(error=name, error_description=error.description), error.code or 500


def _add_oauth(app: Flask, parts: Parts, metrics: Metrics) -> None:
    settings = parts.settings
    tokens = AccessTokens(
        parts.keys,
        issuer=settings.issuer,
        audience=settings.audience,
        lifetime=settings.token_lifetime,
        clock=parts.clock,
    )
    server = TokenServer(parts, tokens, metrics)

    @app.post("/oauth/token")
    def token() -> Response:
        try:
            return server.create_token_response()  # type: ignore[no-any-return]
        except NoSigningKeyError as error:
            log.critical("no_signing_key")
            raise UnavailableError from error

    @app.post("/oauth/introspect")
    def introspect() -> Response:
        return server.create_endpoint_response(  # type: ignore[no-any-return]
            "introspection"
        )

    @app.errorhandler(OAuth2Error)
    def oauth_error(error: OAuth2Error) -> Response:
        return server.handle_error_response(request, error)


def _add_documents(app: Flask, parts: Parts) -> None:
    settings = parts.settings
    server_metadata = metadata(settings)

    @app.get("/.well-known/jwks.json")
    def jwks() -> Response:
        response = jsonify(parts.keys.get().jwks())
        response.mimetype = "application/jwk-set+json"  # RFC 7517 §8.5.1
        return _cached(response, settings.jwks_max_age)

    @app.get(get_well_known_url(settings.issuer))
    def authorization_server() -> Response:
        return _cached(jsonify(server_metadata), settings.jwks_max_age)


def _cached(response: Response, seconds: int) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]


def _add_operations(app: Flask, parts: Parts, metrics: Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        """Ready if a token can be signed. Details are in the log only, not in the response."""
        keys, clients = parts.keys, parts.clients
        try:
            keys.get().signing(parts.clock())
            can_sign = True
        except NoSigningKeyError:
            can_sign = False
        clients.get()
        checks = {
            "signing": "ok" if can_sign else "no active signing key",
            "keys": "stale" if keys.stale else "ok",
            "clients": "stale" if clients.stale else "ok",
        }
        if not can_sign:
            return jsonify(status="unavailable", checks=checks), 503
        degraded = keys.stale or clients.stale
        return jsonify(status="degraded" if degraded else "ok", checks=checks), 200

    @app.get("/metrics")
    def render_metrics() -> Response:
        return Response(metrics.render(), content_type=CONTENT_TYPE_LATEST)
