"""What the results of tests amount to, over passes, runs and suites."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from covernance.model.snapshot import BROKE, RAN_THROUGH

_Test = TypeVar("_Test", bound="str | tuple[str, ...]")


def is_flaky(outcomes: Iterable[str]) -> bool:
    """Whether a test ended both ways on the same sources; being skipped counts as neither."""
    ends = set(outcomes)
    return not ends.isdisjoint(RAN_THROUGH) and not ends.isdisjoint(BROKE)


def rank_slowest(seconds: Iterable[tuple[_Test, float]], most: int) -> list[tuple[_Test, float]]:
    """The tests that took longest, the slowest first; equals by name."""
    return sorted(seconds, key=lambda item: (-item[1], item[0]))[:most]
