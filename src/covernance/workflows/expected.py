"""How long a pass will take, from the last full run of its suite."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from covernance.config import Suite
from covernance.errors import InputError
from covernance.layout import Layout
from covernance.measure.plan import Pass
from covernance.model import snapshot

Expected = dict[tuple[str, str], float]
"""Seconds by suite and theme; a pass that was never measured is not in it."""


def expected(suites: Iterable[Suite], layout: Layout) -> Expected:
    """What the last full results tell; one that can't be read tells nothing."""
    found: Expected = {}
    for suite in suites:
        try:
            last = snapshot.read(layout.snapshot(suite.name))
        except InputError:
            continue
        found |= {(suite.name, theme): cell.seconds for theme, cell in last.themes.items()}
    return found


def tests(suites: Iterable[Suite], layout: Layout) -> Expected:
    """What the tests of each pass took, one after another, however many processes ran them."""
    found: Expected = {}
    for suite in suites:
        try:
            last = snapshot.read(layout.snapshot(suite.name))
        except InputError:
            continue
        for test in last.tests.values():
            for theme in test.themes:
                key = (suite.name, theme)
                found[key] = found.get(key, 0) + test.seconds
    return found


def longest_first(passes: Sequence[Pass], seconds: Expected) -> list[Pass]:
    """Passes in the order to start them, so that none is left to run alone at the end.

    One of unknown length may be the longest, so those come first.
    """
    return sorted(
        passes,
        key=lambda planned: seconds.get((planned.suite, planned.theme), float("inf")),
        reverse=True,
    )
