"""Prometheus metrics of the API, on a separate registry for each app."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


class Metrics:
    """Counters and timings of one app; all label values come from closed sets."""

    def __init__(self) -> None:
        """Register the metrics on a new registry."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "hub_api_requests",
            "Requests by route template.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.latency = Histogram(
            "hub_api_request_seconds",
            "Response time, by route template.",
            ["method", "route"],
            registry=self.registry,
        )
        self.rejections = Counter(
            "hub_api_refusals",
            "Requests rejected before they reached a resource.",
            ["reason"],
            registry=self.registry,
        )
        self.snapshots = Counter(
            "hub_api_snapshots",
            "Snapshots received: created, repeated or conflicting.",
            ["outcome"],
            registry=self.registry,
        )
        self.key_fetches = Counter(
            "hub_api_key_fetches",
            "Fetches of the issuer's keys.",
            ["outcome"],
            registry=self.registry,
        )

    def exposition(self) -> bytes:
        """Return the metrics in the Prometheus text format."""
        return generate_latest(self.registry)
