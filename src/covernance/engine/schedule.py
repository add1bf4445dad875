"""Order themes by the time they took in the last full run of their suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from covernance.config import Suite
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot

Key = tuple[str, str]
"""A suite and one of its themes."""

Expected = dict[Key, float]
"""The seconds of each theme, except those that were never measured."""


def read_theme_seconds(suites: Iterable[Suite], layout: Layout) -> Expected:
    """Read the wall time of each theme from the last full results; skip unreadable ones."""
    return {
        (last.suite, theme): cell.seconds
        for last in _last(suites, layout)
        for theme, cell in last.themes.items()
    }


def sum_test_seconds(suites: Iterable[Suite], layout: Layout) -> Expected:
    """Add up the durations of the tests of each theme, however many processes ran them."""
    seconds_by_theme: Expected = {}
    for last in _last(suites, layout):
        for test in last.tests.values():
            for theme in test.themes:
                key = (last.suite, theme)
                seconds_by_theme[key] = seconds_by_theme.get(key, 0) + test.seconds
    return seconds_by_theme


def _last(suites: Iterable[Suite], layout: Layout) -> Iterator[Snapshot]:
    for suite in suites:
        with suppress(InputError):
            yield snapshot.read(layout.snapshot(suite.name))


def sort_longest_first(themes: Iterable[Key], seconds: Expected) -> list[Key]:
    """Sort themes for starting: the longest first, so that none is left to run alone at the end.

    A theme of unknown duration may be the longest, so those come first.
    """
    return sorted(themes, key=lambda key: seconds.get(key, float("inf")), reverse=True)
