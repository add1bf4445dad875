"""Endpoints for operators: liveness, readiness and metrics."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from apps.api.auth import AuthProvider
from apps.api.database import Database
from apps.api.metrics import Metrics


def probes(database: Database, auth: AuthProvider, metrics: Metrics) -> Blueprint:
    """Return the blueprint of ``/healthz``, ``/readyz`` and ``/metrics``, which need no token."""
    blueprint = Blueprint("probes", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return _json_response({"status": "alive"}, HTTPStatus.OK)

    @blueprint.get("/readyz")
    def readyz() -> Response:
        checks = {
            "database": database.problem() or "ok",
            "keys": "ok" if auth.ready() else "unavailable",
        }
        ready = set(checks.values()) == {"ok"}
        return _json_response(
            {"status": "ready" if ready else "not ready", "checks": checks},
            HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE,
        )

    @blueprint.get("/metrics")
    def exposition() -> Response:
        return Response(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _json_response(body: object, status: HTTPStatus) -> Response:
    return Response(msgspec.json.encode(body), status=status, content_type="application/json")
