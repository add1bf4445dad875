"""The API's metrics, on a registry of their own so that two apps in a process do not mix."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest


class Metrics:
    """Counters and timings of one app; labels take values from closed sets only."""

    def __init__(self) -> None:
        """Register the collectors."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "hub_api_requests",
            "Requests by route template.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.latency = Histogram(
            "hub_api_request_seconds",
            "Time to answer, by route template.",
            ["method", "route"],
            registry=self.registry,
        )
        self.refusals = Counter(
            "hub_api_refusals",
            "Requests turned away before a resource saw them.",
            ["reason"],
            registry=self.registry,
        )
        self.snapshots = Counter(
            "hub_api_snapshots",
            "Snapshots sent in: created, repeated or conflicting.",
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
        """The metrics in the Prometheus text format."""
        return generate_latest(self.registry)
