"""Assemble the application from its components."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from apps.api import problems, tracing
from apps.api.auth import AuthProvider, JwtAuthProvider
from apps.api.database import Database
from apps.api.gate import Gate
from apps.api.jwks import JwksClient, KeyCache
from apps.api.metrics import Metrics
from apps.api.probes import probes
from apps.api.rate_limits import MovingWindowLimiter, RateLimiter
from apps.api.resources import RepoConverter, Resources, SnapshotIdConverter
from apps.api.settings import AuthSettings, Settings
from apps.api.store import SnapshotStore
from apps.api.tenancy import TenantResolver, resolve_tenant

DATABASE: Final = "hub_database"
_SECURITY_HEADERS: Final = {
    # responses are data: a browser must not run or frame them
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def create_app(
    settings: Settings,
    *,
    auth: AuthProvider | None = None,
    rate_limiter: RateLimiter | None = None,
    tenants: TenantResolver = resolve_tenant,
    metrics: Metrics | None = None,
    clock: Callable[[], float] = time.time,
) -> Flask:
    """Build the API.

    Args:
        settings: Settings from `load_settings`.
        auth: Authenticates requests; by default with tokens as configured in ``settings.auth``.
        rate_limiter: Counts requests; by default in this process's memory.
        tenants: Determines the tenant of a request; by default from the token.
        metrics: Receives the counts; by default on a separate registry.
        clock: Seconds since the epoch.
    """
    metrics = metrics or Metrics()
    auth = auth or _token_verifier(settings.auth, metrics, clock)
    database = Database(settings.database_url)
    if settings.auto_migrate:
        database.migrate()
        database.dispose()  # connections must not be inherited if the server forks

    app = Flask(__name__, static_folder=None)
    # one more than allowed, see Resources: chunked bodies are silently truncated at this limit
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes + 1
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.merge_slashes = False
    app.url_map.converters["repo"] = RepoConverter
    app.url_map.converters["snapshot"] = SnapshotIdConverter
    app.extensions[DATABASE] = database

    tracing.install(app, metrics)
    problems.install(app)
    app.after_request(_harden)
    app.register_blueprint(probes(database, auth, metrics))

    api = Blueprint("v1", __name__)
    Gate(
        auth=auth,
        limiter=rate_limiter or MovingWindowLimiter(),
        tenants=tenants,
        limits=settings.limits,
        metrics=metrics,
    ).install(api)
    Resources(
        SnapshotStore(database), metrics, max_body_bytes=settings.max_body_bytes, clock=clock
    ).install(api)
    app.register_blueprint(api, url_prefix="/v1")
    # the same resources with an explicit tenant, which must be the token's
    app.register_blueprint(api, url_prefix="/v1/tenants/<tenant>", name="v1_tenant")

    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=0)  # type: ignore[method-assign]  # Flask's documented way
    return app


def _token_verifier(
    settings: AuthSettings, metrics: Metrics, clock: Callable[[], float]
) -> JwtAuthProvider:
    client = JwksClient(settings.jwks_url, timeout=settings.timeout)
    return JwtAuthProvider(KeyCache(client.fetch, settings, metrics=metrics), settings, clock=clock)


def _harden(response: Response) -> Response:
    response.headers.update(_SECURITY_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
