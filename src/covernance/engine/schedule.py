"""How long a pass will take, from the last full run of its suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from covernance.config import Suite
from covernance.engine.passes import Pass
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.model import snapshot
from covernance.model.snapshot import Snapshot

Key = tuple[str, str]
"""A pass, by suite and theme."""

Expected = dict[Key, float]
"""Seconds of each pass; one that was never measured is not in it."""


def read_pass_seconds(suites: Iterable[Suite], layout: Layout) -> Expected:
    """What the last full results tell; one that can't be read tells nothing."""
    return {
        (last.suite, theme): cell.seconds
        for last in _last(suites, layout)
        for theme, cell in last.themes.items()
    }


def sum_test_seconds(suites: Iterable[Suite], layout: Layout) -> Expected:
    """What the tests of each pass took, one after another, however many processes ran them."""
    seconds_by_pass: Expected = {}
    for last in _last(suites, layout):
        for test in last.tests.values():
            for theme in test.themes:
                key = (last.suite, theme)
                seconds_by_pass[key] = seconds_by_pass.get(key, 0) + test.seconds
    return seconds_by_pass


def _last(suites: Iterable[Suite], layout: Layout) -> Iterator[Snapshot]:
    for suite in suites:
        with suppress(InputError):
            yield snapshot.read(layout.snapshot(suite.name))


def sort_longest_first(passes: Sequence[Pass], seconds: Expected) -> list[Pass]:
    """Passes in the order to start them, so that none is left to run alone at the end.

    One of unknown length may be the longest, so those come first.
    """
    return sorted(
        passes,
        key=lambda planned: seconds.get((planned.suite, planned.theme), float("inf")),
        reverse=True,
    )
