"""The service's Prometheus metrics, on a registry of its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """Counters of one app; two apps in one process don't share them.

    Labels come from closed sets (routes, error codes), never from what a client sent.
    """

    def __init__(self) -> None:
        """Register the metrics on a fresh registry."""
        self.registry = CollectorRegistry()
        self.issued = Counter("auth_tokens_issued", "Access tokens issued.", registry=self.registry)
        self.refused = Counter(
            "auth_requests_refused",
            "OAuth requests refused, by endpoint and OAuth error code.",
            ["endpoint", "error"],
            registry=self.registry,
        )
        self.introspected = Counter(
            "auth_tokens_introspected",
            "Introspections answered, by what was said.",
            ["active"],
            registry=self.registry,
        )
        self.rehash_needed = Counter(
            "auth_client_secret_rehash_needed",
            "Authentications with a secret hashed by other parameters than those in force.",
            registry=self.registry,
        )
        self.duration = Histogram(
            "auth_request_duration_seconds",
            "Time to answer, by endpoint and status.",
            ["endpoint", "status"],
            registry=self.registry,
        )

    def watch(self, name: str, documentation: str, value: Callable[[], float]) -> None:
        """Add a gauge that is read when the metrics are."""
        Gauge(name, documentation, registry=self.registry).set_function(value)

    def render(self) -> bytes:
        """Return the metrics in the Prometheus text format."""
        return generate_latest(self.registry)
