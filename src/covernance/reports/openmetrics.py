"""The state of all suites as OpenMetrics 1.0 text.

Every family is a gauge, so that what reads only the older Prometheus text format, such as the node
exporter's text-file collector, reads it as well: there the UNIT and EOF lines are comments.
prometheus_client writes the text, with the labels of a sample sorted by name.

Ratios run from 0 to 1. Times of recording are values of their own rather than time stamps of
samples, which a scraper would drop once they are old.
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
    """All metrics of the state; a suite without a result has `covernance_suite_present` alone.

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
    """The metrics of a state, as prometheus_client collects them."""

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
        [({"suite": name}, float(found is not None)) for name, found in state.suites.items()],
    )
    yield _Family(
        "covernance_suite_info",
        "Where a suite's result comes from, and its verdict.",
        [(_origin(found), 1.0) for found in present],
    )
    yield _Family(
        "covernance_suite_passing",
        "Whether a suite passes its gate.",
        [(_of(found), float(found.verdict == Verdict.PASS)) for found in present],
    )
    yield _Family(
        "covernance_suite_coverage_ratio",
        "Statements and branches of a suite that ran, of those there are.",
        [
            (_of(found), float(part) / 100)
            for found in present
            if (part := found.total.percent) is not None
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_suite_floor_ratio",
        "The least coverage that a suite may have.",
        [(_of(found), float(floor(found.floor.percent, found.suite)) / 100) for found in present],
        unit="ratio",
    )
    yield _Family(
        "covernance_suite_coverable",
        "Statements and branches of a suite.",
        [(_of(found), found.total.total) for found in present],
    )
    yield _Family(
        "covernance_suite_covered",
        "Statements and branches of a suite that ran.",
        [(_of(found), found.total.covered) for found in present],
    )
    yield _Family(
        "covernance_suite_flaky_tests",
        "Tests of a suite that its run marked as flaky.",
        [(_of(found), len(found.flaky)) for found in present],
    )
    yield _Family(
        "covernance_suite_recorded_timestamp_seconds",
        "When a suite's result was recorded, in seconds since 1970.",
        [
            (_of(found), timestamp.read(found.provenance.recorded_at, found.suite).timestamp())
            for found in present
        ],
        unit="seconds",
    )


def _themes(state: State) -> Iterable[_Family]:
    cells = [
        ({"suite": found.suite, "theme": theme}, cell)
        for found in state.present
        for theme, cell in sorted(found.themes.items())
    ]
    yield _Family(
        "covernance_theme_earned_ratio",
        "What the tests of a theme executed, of what importing had not.",
        [
            (at, float(part) / 100)
            for at, cell in cells
            if (part := cell.earned.percent) is not None
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_theme_raw_ratio",
        "What a theme executed, importing and collecting included.",
        [(at, float(part) / 100) for at, cell in cells if (part := cell.raw.percent) is not None],
        unit="ratio",
    )
    yield _Family(
        "covernance_theme_tests",
        "Tests of a theme, by how they ended.",
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
        "Changed statements and branches of a suite that ran.",
        [
            ({"suite": suite}, float(part) / 100)
            for suite, counts in state.patches.items()
            if (part := counts.percent) is not None
        ],
        unit="ratio",
    )
    yield _Family(
        "covernance_exception_days_left",
        "Days until the review date of an exception; negative once it is past.",
        [
            ({"suite": due.suite, "module": due.module, "owner": due.owner}, due.days_left)
            for due in state.exceptions
        ],
    )


def _of(found: Snapshot) -> dict[str, str]:
    return {"suite": found.suite}


def _origin(found: Snapshot) -> dict[str, str]:
    source = found.provenance
    return {
        "suite": found.suite,
        "verdict": found.verdict,
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
