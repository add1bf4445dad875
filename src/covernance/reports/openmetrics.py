"""The state of all suites as OpenMetrics 1.0 text.

Every family is a gauge, so that readers of the older Prometheus text format, such as the node
exporter's text-file collector, can read it too: to them the UNIT and EOF lines are comments.
prometheus_client writes the text, with the labels of each sample sorted by name.

Ratios are between 0 and 1. Recording times are separate values instead of sample timestamps,
because a scraper drops samples with old timestamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import msgspec

from covernance.model import timestamp
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Verdict
from covernance.reports.state import State
from covernance.reports.trend import floor

if TYPE_CHECKING:
    from prometheus_client.core import GaugeMetricFamily

Sample = tuple[Mapping[str, str], float]
"""Labels and a value."""

_OUTCOMES = ("passed", "failed", "skipped", "xfailed", "xpassed", "errors")


class _Family(msgspec.Struct, frozen=True):
    name: str
    explanation: str
    samples: list[Sample]
    unit: str = ""


def render(state: State) -> str:
    """Render all metrics; a suite without a result has only `covernance_suite_present`.

    Raises:
        InputError: The time or the floor of a snapshot can't be read.
    """
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - only this report pays for it
    from prometheus_client.openmetrics.exposition import generate_latest  # noqa: PLC0415 - likewise

    registry = CollectorRegistry()
    registry.register(_Collector(state))
    text: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return text.decode()


class _Collector:
    """Provides the metrics of a state to prometheus_client."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        state = self._state
        for family in (*_suites(state), *_themes(state), *_policies(state)):
            if family.samples:
                yield _gauge(family)


def _suites(state: State) -> Iterable[_Family]:
    present = state.present
    yield _Family(
        "covernance_suite_present",
        "Whether a suite of the table has a result.",
        [({"suite": name}, float(snapshot is not None)) for name, snapshot in state.suites.items()],
    )
    yield _Family(
        "covernance_suite_info",
        "The origin and the verdict of a suite's result.",
        [(_origin(snapshot), 1.0) for snapshot in present],
    )
    yield _Family(
        "covernance_suite_passing",
        "Whether a suite passes its gate.",
        [(_of(snapshot), float(snapshot.verdict == Verdict.PASS)) for snapshot in present],
    )
    yield _Family(
        "covernance_suite_coverage_ratio",
        "Share of a suite's statements and branches that ran.",
        [
            (_of(snapshot), float(part) / 100)
            for snapshot in present
            if (part := snapshot.total.percent) is not None
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_suite_floor_ratio",
        "Minimum coverage required of a suite.",
        [
            (_of(snapshot), float(floor(snapshot.floor.percent, snapshot.suite)) / 100)
            for snapshot in present
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_suite_coverable",
        "Number of statements and branches in a suite.",
        [(_of(snapshot), snapshot.total.total) for snapshot in present],
    )
    yield _Family(
        "covernance_suite_covered",
        "Number of statements and branches in a suite that ran.",
        [(_of(snapshot), snapshot.total.covered) for snapshot in present],
    )
    yield _Family(
        "covernance_suite_flaky_tests",
        "Number of flaky tests in a suite's run.",
        [(_of(snapshot), len(snapshot.flaky)) for snapshot in present],
    )
    yield _Family(
        "covernance_suite_recorded_timestamp_seconds",
        "Time at which a suite's result was recorded, in seconds since 1970.",
        [
            (
                _of(snapshot),
                timestamp.read(snapshot.provenance.recorded_at, snapshot.suite).timestamp(),
            )
            for snapshot in present
        ],
        unit="seconds",
    )


def _themes(state: State) -> Iterable[_Family]:
    cells = [
        ({"suite": snapshot.suite, "theme": theme}, cell)
        for snapshot in state.present
        for theme, cell in sorted(snapshot.themes.items())
    ]
    yield _Family(
        "covernance_theme_earned_ratio",
        "Share of the code not executed by imports that a theme's tests executed.",
        [
            (at, float(part) / 100)
            for at, cell in cells
            if (part := cell.earned.percent) is not None
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_theme_raw_ratio",
        "Share of the code that a theme executed, including imports and collection.",
        [(at, float(part) / 100) for at, cell in cells if (part := cell.raw.percent) is not None],
        unit="ratio",
    )
    yield _Family(
        "covernance_theme_tests",
        "Number of a theme's tests, by outcome.",
        [
            ({**at, "outcome": outcome}, getattr(cell.outcomes, outcome))
            for at, cell in cells
            for outcome in _OUTCOMES
        ],
    )
    yield _Family(
        "covernance_theme_duration_seconds",
        "Wall time of a theme's pass.",
        [(at, cell.seconds) for at, cell in cells],
        unit="seconds",
    )


def _policies(state: State) -> Iterable[_Family]:
    yield _Family(
        "covernance_patch_coverage_ratio",
        "Share of a suite's changed statements and branches that ran.",
        [
            ({"suite": suite}, float(part) / 100)
            for suite, counts in state.patches.items()
            if (part := counts.percent) is not None
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_exception_days_left",
        "Days until the review date of an exception; negative after that date.",
        [
            ({"suite": due.suite, "module": due.module, "owner": due.owner}, due.days_left)
            for due in state.exceptions
        ],
    )


def _of(snapshot: Snapshot) -> dict[str, str]:
    return {"suite": snapshot.suite}


def _origin(snapshot: Snapshot) -> dict[str, str]:
    source = snapshot.provenance
    return {
        "suite": snapshot.suite,
        "verdict": snapshot.verdict,
        "commit": source.commit or "",
        "branch": source.branch or "",
        "run_id": source.run_id,
    }


def _gauge(family: _Family) -> GaugeMetricFamily:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see render

    gauge = GaugeMetricFamily(family.name, family.explanation, unit=family.unit)
    for labels, value in family.samples:
        gauge.add_sample(family.name, dict(labels), value)
    return gauge
