"""Prometheus metrics of the service, on a separate registry."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Metrics of one app, not shared with other apps in the same process.

    Label values come from closed sets (routes, error codes), never from client input.
    """

    def __init__(self) -> None:
        """Register the metrics on a new registry."""
        self.registry = CollectorRegistry()
        self.issued = Counter("auth_tokens_issued", "Access tokens issued.", registry=self.registry)
        self.rejected = Counter(
            "auth_requests_refused",
            "Rejected OAuth requests, by endpoint and OAuth error code.",
            ["endpoint", "error"],
            registry=self.registry,
        )
        self.introspected = Counter(
            "auth_tokens_introspected",
            "Token introspections, by result.",
            ["active"],
            registry=self.registry,
        )
        self.rehash_needed = Counter(
            "auth_client_secret_rehash_needed",
            "Authentications with a secret hashed with outdated parameters.",
            registry=self.registry,
        )
        self.duration = Histogram(
            "auth_request_duration_seconds",
            "Response time, by endpoint and status.",
            ["endpoint", "status"],
            registry=self.registry,
        )

    def watch(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Add a gauge whose value is read at each scrape."""
        Gauge(name, documentation, registry=self.registry).set_function(value)

    def render(self) -> bytes:
        """Return the metrics in the Prometheus text format."""
        return generate_latest(self.registry)
