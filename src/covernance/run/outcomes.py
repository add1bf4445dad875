"""Summaries of a suite's passes: cells, tests, failures."""

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
    """One cell per theme: test outcomes, time, and counts over all files."""
    themes = dict.fromkeys(result.planned.theme for result in finished)
    return {
        theme: _cell(theme, [result for result in finished if result.planned.theme == theme], files)
        for theme in themes
    }


def tests(finished: Sequence[Finished]) -> dict[str, TestResult]:
    """Each test once, with its worst outcome and longest time over all passes."""
    results: dict[str, TestResult] = {}
    for result in finished:
        if result.record is None:
            continue
        for test, outcome in result.record.outcomes.items():
            seconds = round(result.record.seconds.get(test, 0.0), 6)
            themes = result.record.collected.selected.get(test, ())
            if before := results.get(test):
                outcome = max(before.outcome, outcome, key=SEVERITY.index)  # noqa: PLW2901 - merged with the earlier pass's
                seconds = max(before.seconds, seconds)
            results[test] = TestResult(outcome=outcome, seconds=seconds, themes=themes)
    return dict(sorted(results.items()))


def unthemed(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The suite's tests without a theme marker."""
    tests_without_theme = {
        test
        for result in finished
        if result.record is not None
        for test in result.record.collected.unthemed
    }
    return tuple(sorted(tests_without_theme))


def flaky(finished: Sequence[Finished]) -> tuple[str, ...]:
    """Tests that both passed and failed, in different passes or in different attempts."""
    ends: dict[str, set[str]] = defaultdict(set)
    for record in (result.record for result in finished if result.record):
        for test, outcome in record.outcomes.items():
            ends[test].add(outcome)
        for test in record.reran:
            ends[test].add("failed")
    return tuple(sorted(test for test, outcomes in ends.items() if is_flaky(outcomes)))


def failures(finished: Sequence[Finished]) -> frozenset[str]:
    """Tests that failed, files that could not be collected, and passes that ended early."""
    failed: set[str] = set()
    for result in finished:
        theme, status = result.planned.theme, result.status
        if result.record is None or result.record.exit != status:
            failed.add(f"the {theme} pass ended unexpectedly (status {status})")
        elif not result.record.failures and not result.record.complete:
            failed.add(f"the {theme} pass stopped before running all of its tests")
        elif not result.record.failures and status not in (0, _NO_TESTS):
            failed.add(f"the {theme} pass ended with status {status} although no test failed")
        if result.record:
            failed |= result.record.failures
    return frozenset(failed)


def unmeasured(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The themes whose tests ran without leaving any coverage data."""
    return tuple(
        result.planned.theme
        for result in finished
        if result.status != _NO_TESTS and not any(result.planned.folder.glob(".coverage*"))
    )


def lost(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The themes whose pass ended without recording which tests it selected."""
    return tuple(result.planned.theme for result in finished if result.record is None)


def list_narrowing_settings(finished: Sequence[Finished]) -> tuple[str, ...]:
    """The settings, from any source, by which passes leave tests out."""
    reasons = {reason for result in finished if result.record for reason in result.record.narrowed}
    return tuple(sorted(reasons))


def is_whole(result: Finished) -> bool:
    """Whether a pass ran every test that it selected to its end."""
    return result.record is not None and result.record.complete


def count_deselected(finished: Sequence[Finished]) -> int:
    """The number of tests deselected by anything other than the theme."""
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
