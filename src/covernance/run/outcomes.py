"""What the passes of one suite amount to: cells, tests, failures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from covernance.engine.processes import Finished
from covernance.model.snapshot import (
    SEVERITY,
    Cell,
    FileResult,
    Outcomes,
    TestResult,
)
from covernance.model.testing import is_flaky
from covernance.model.totals import sum_theme

_OUTCOME_FIELDS = {"error": "errors"}
_NO_TESTS = 5


def cells(finished: Sequence[Finished], files: Mapping[str, FileResult]) -> dict[str, Cell]:
    """One cell a theme: how its tests ended, its time, its counts over all files."""
    themes = dict.fromkeys(result.planned.theme for result in finished)
    return {
        theme: _cell(theme, [one for one in finished if one.planned.theme == theme], files)
        for theme in themes
    }


def tests(finished: Sequence[Finished]) -> dict[str, TestResult]:
    """Every test once, however many passes ran it: worst outcome, longest time."""
    found: dict[str, TestResult] = {}
    for result in finished:
        if result.record is None:
            continue
        for test, outcome in result.record.outcomes.items():
            seconds = round(result.record.seconds.get(test, 0.0), 6)
            themes = result.record.collected.selected.get(test, ())
            if before := found.get(test):
                outcome = max(before.outcome, outcome, key=SEVERITY.index)  # noqa: PLW2901 - merged with the earlier pass's
                seconds = max(before.seconds, seconds)
            found[test] = TestResult(outcome=outcome, seconds=seconds, themes=themes)
    return dict(sorted(found.items()))


def unthemed(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The suite's tests that carry no theme."""
    found = {
        test
        for result in finished
        if result.record is not None
        for test in result.record.collected.unthemed
    }
    return tuple(sorted(found))


def flaky(finished: Sequence[Finished]) -> tuple[str, ...]:
    """Tests that ended both ways: in one pass and another, or in an attempt and the next."""
    ends: dict[str, set[str]] = defaultdict(set)
    for record in (result.record for result in finished if result.record):
        for test, outcome in record.outcomes.items():
            ends[test].add(outcome)
        for test in record.reran:
            ends[test].add("failed")
    return tuple(sorted(test for test, outcomes in ends.items() if is_flaky(outcomes)))


def failures(finished: Sequence[Finished]) -> frozenset[str]:
    """Tests that failed, files that could not be collected, and passes that broke off."""
    found: set[str] = set()
    for result in finished:
        theme, status = result.planned.theme, result.status
        if result.record is None or result.record.exit != status:
            found.add(f"the {theme} pass broke off (status {status})")
        elif not result.record.failures and not result.record.complete:
            found.add(f"the {theme} pass stopped before all of its tests had run")
        elif not result.record.failures and status not in (0, _NO_TESTS):
            found.add(f"the {theme} pass ended with status {status} though no test failed")
        if result.record:
            found |= result.record.failures
    return frozenset(found)


def unmeasured(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The themes whose tests ran without leaving any coverage data."""
    return tuple(
        result.planned.theme
        for result in finished
        if result.status != _NO_TESTS and not any(result.planned.folder.glob(".coverage*"))
    )


def lost(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The themes whose pass broke off without telling what it selected."""
    return tuple(result.planned.theme for result in finished if result.record is None)


def list_narrowing_settings(finished: Sequence[Finished]) -> tuple[str, ...]:
    """What the passes' own configuration leaves out, wherever it was set."""
    found = {reason for result in finished if result.record for reason in result.record.narrowed}
    return tuple(sorted(found))


def is_whole(result: Finished) -> bool:
    """Whether a pass ran every test that it selected to its end."""
    return result.record is not None and result.record.complete


def count_deselected(finished: Sequence[Finished]) -> int:
    """How many tests of the themes were deselected by something other than the layer."""
    return sum(len(result.record.collected.deselected) for result in finished if result.record)


def _cell(theme: str, passes: Sequence[Finished], files: Mapping[str, FileResult]) -> Cell:
    counts = sum_theme(files, theme)
    records = [result.record for result in passes if result.record]
    tally = Counter(outcome for record in records for outcome in record.outcomes.values())
    return Cell(
        outcomes=Outcomes(
            tests=sum(len(record.collected.selected) for record in records),
            **{_OUTCOME_FIELDS.get(name, name): number for name, number in tally.items()},
        ),
        seconds=round(sum(result.seconds for result in passes), 3),
        raw=counts.raw,
        earned=counts.earned,
    )
