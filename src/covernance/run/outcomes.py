"""Summaries of a suite's theme results: cells, tests, failures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from covernance.config import UNTHEMED
from covernance.engine.record import Record
from covernance.engine.theme_result import ThemeResult
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


def cells(results: Sequence[ThemeResult], files: Mapping[str, FileResult]) -> dict[str, Cell]:
    """One cell per theme: test outcomes, time, and counts over all files."""
    themes = dict.fromkeys(result.theme for result in results)
    return {
        theme: _cell(theme, [result for result in results if result.theme == theme], files)
        for theme in themes
    }


def tests(results: Sequence[ThemeResult]) -> dict[str, TestResult]:
    """Each test once, with its worst outcome and longest time over all themes."""
    merged: dict[str, TestResult] = {}
    for result in results:
        if result.record is None:
            continue
        for test, outcome in result.record.outcomes.items():
            seconds = round(result.record.seconds.get(test, 0.0), 6)
            themes = result.record.collected.selected.get(test, ())
            reason = result.record.reasons.get(test, "")
            if before := merged.get(test):
                reason = reason or before.reason
                outcome = max(before.outcome, outcome, key=SEVERITY.index)  # noqa: PLW2901 - merged with the earlier theme's
                seconds = max(before.seconds, seconds)
            merged[test] = TestResult(
                outcome=outcome, seconds=seconds, themes=themes, reason=reason
            )
    return dict(sorted(merged.items()))


def unthemed(results: Sequence[ThemeResult]) -> tuple[str, ...]:
    """The suite's tests without a theme marker."""
    tests_without_theme = {
        test
        for result in results
        if result.record is not None
        for test in result.record.collected.unthemed
    }
    return tuple(sorted(tests_without_theme))


def flaky(results: Sequence[ThemeResult]) -> tuple[str, ...]:
    """Tests that both passed and failed, in different themes or in different attempts."""
    ends: dict[str, set[str]] = defaultdict(set)
    for record in (result.record for result in results if result.record):
        for test, outcome in record.outcomes.items():
            ends[test].add(outcome)
        for test in record.reran:
            ends[test].add("failed")
    return tuple(sorted(test for test, outcomes in ends.items() if is_flaky(outcomes)))


def failures(results: Sequence[ThemeResult]) -> frozenset[str]:
    """Tests that failed, files that could not be collected, and themes that ended early."""
    failed: set[str] = set()
    for result in results:
        theme, status = result.theme, result.status
        if result.record is None or result.record.exit != status:
            failed.add(f"the {theme} pass ended unexpectedly (status {status})")
        elif not result.record.has_collected:
            failed.add(f"the {theme} pass stopped before it had collected its tests")
        elif result.record.unfinished:
            tests_without_outcome = abbreviate(result.record.unfinished)
            failed.add(f"the {theme} pass stopped before running {tests_without_outcome}")
        elif not result.record.failures and not result.ended_well:
            failed.add(f"the {theme} pass ended with status {status} although no test failed")
        if result.record:
            failed |= result.record.failures
    if uncollected := _find_uncollected(results):
        failed.add(f"the {UNTHEMED} pass did not collect {abbreviate(uncollected)}")
    return frozenset(failed)


def unmeasured(results: Sequence[ThemeResult]) -> tuple[str, ...]:
    """The themes whose tests ran without leaving any coverage data."""
    return tuple(
        result.theme for result in results if not result.has_no_tests and not result.data_files
    )


def idle(results: Sequence[ThemeResult]) -> tuple[str, ...]:
    """The themes that have tests, but none whose own code ran: all were skipped."""
    records: dict[str, list[Record]] = defaultdict(list)
    for result in results:
        if result.record and result.record.outcomes:
            records[result.theme].append(result.record)
    return tuple(
        theme for theme, own in records.items() if not any(record.entered for record in own)
    )


def lost(results: Sequence[ThemeResult]) -> tuple[str, ...]:
    """The themes that ended without recording which tests they selected."""
    return tuple(result.theme for result in results if result.record is None)


def count_deselected(results: Sequence[ThemeResult]) -> int:
    """The number of tests deselected by anything other than the theme."""
    return sum(len(result.record.collected.deselected) for result in results if result.record)


def abbreviate(names: Iterable[str]) -> str:
    """The first of several names, and how many more there are."""
    first, *more = sorted(names)
    return f"{first} and {len(more)} more" if more else first


def _find_uncollected(results: Sequence[ThemeResult]) -> set[str]:
    """The tests without a theme that other passes collected, but their own pass did not.

    Parameters are not compared: their ids may be different in each process.
    """
    own = [result.record for result in results if result.theme == UNTHEMED and result.record]
    known = {
        _without_parameters(test)
        for record in own
        for test in (*record.collected.unthemed, *record.collected.selected)
    }
    if not all(record.has_collected and not record.collection_errors for record in own) or not own:
        return set()
    return {test for test in unthemed(results) if _without_parameters(test) not in known}


def _without_parameters(test: str) -> str:
    return test.partition("[")[0]


def _cell(theme: str, results: Sequence[ThemeResult], files: Mapping[str, FileResult]) -> Cell:
    counts = sum_theme(files, theme)
    records = [result.record for result in results if result.record]
    tally = Counter(outcome for record in records for outcome in record.outcomes.values())
    return Cell(
        outcomes=Outcomes(
            tests=sum(len(record.collected.selected) for record in records),
            **{_OUTCOME_FIELDS.get(name, name): number for name, number in tally.items()},
        ),
        seconds=round(sum(result.seconds for result in results), 3),
        raw=counts.raw,
        earned=counts.earned,
    )
