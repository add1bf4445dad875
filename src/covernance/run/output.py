"""The printed results of a run, and the exit code of several suites together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from covernance.config import Table
from covernance.contents import CHANGED_MEANWHILE
from covernance.errors import Exit
from covernance.model.counts import show
from covernance.model.origin import describe_origin
from covernance.model.snapshot import CARRIED
from covernance.model.suite_result import SuiteResult
from covernance.model.text import escape_unprintable
from covernance.model.verdict import describe_waived
from covernance.shell import tables
from covernance.shell.terminal import paint

_MOST_TESTS = 10

Write = Callable[[str], None]

_SEVERITY = (Exit.PASS, Exit.GATE, Exit.TESTS_FAILED, Exit.ERROR)


def worst_exit(codes: Iterable[Exit]) -> Exit:
    """The exit code of several suites: errors, failed tests, failed gates, passes."""
    return max(codes, key=_SEVERITY.index, default=Exit.PASS)


def explain_unjudged(results: Iterable[SuiteResult]) -> str:
    """Why CI must not take a run for a verdict; empty if every suite was judged, or will be."""
    suites = [result.snapshot.suite for result in results if result.selection]
    if not suites:
        return ""
    return (
        f"{', '.join(suites)}: a partial run is not a verdict, so in CI it fails; run the complete "
        "suite, or pass --partial-ok or set COVERAGE_PARTIAL_OK=1"
    )


def print_results(
    results: Sequence[SuiteResult],
    table: Table,
    combine: Callable[[], Sequence[Path]],
    write: Write,
) -> None:
    """Print each verdict with its reasons, the measures, notable tests, and the written files.

    Args:
        results: The result of each suite.
        table: The table.
        combine: Writes the combined reports of all suites; called if every suite has new data.
        write: Prints a line, or several; called as soon as each is known.

    Raises:
        CovernanceError: The baseline could not be written; raised after the results are printed.
    """
    for result in results:
        if result.text:
            write(f"\n{result.snapshot.suite}\n{result.text.rstrip()}")
    write("")
    for result in results:
        _print_verdict(result, write)
    write("\n" + tables.measures([result.snapshot for result in results]) + "\n")
    for result in results:
        _print_notable_tests(result, write)
    for result in results:
        _print_files(result, table, write)
    if len(results) == len(table.suites) and not any(result.partial for result in results):
        _print_baseline(results, table, combine, write)


def _print_verdict(result: SuiteResult, write: Write) -> None:
    snapshot = result.snapshot
    write(_verdict_line(result))
    if result.exit is not Exit.PASS and snapshot.reasons:
        write(tables.reasons(snapshot))
    if snapshot.waived:
        write(escape_unprintable(f"  {describe_waived(snapshot.waived)}"))
    if not result.partial and (hint := tables.format_gaps(snapshot)):
        write(hint)


def _print_notable_tests(result: SuiteResult, write: Write) -> None:
    suite = result.snapshot.suite
    if not result.partial:
        _print_tests(f"{suite}: tests without a theme", result.snapshot.unthemed, write)
    _print_tests(f"{suite}: flaky tests, which passed and failed", result.snapshot.flaky, write)


def _print_files(result: SuiteResult, table: Table, write: Write) -> None:
    suite = result.snapshot.suite
    if result.published:
        files = (os.path.relpath(path, table.root) for path in result.published)
        write(f"{suite}: wrote {', '.join(files)}")
    if origin := _describe_carried(result):
        write(f"{suite}: {origin}; its data and reports are not available")
    elif not result.partial and not result.published:
        write(f"{suite}: wrote no reports; those of the last complete run are unchanged")


def _describe_carried(result: SuiteResult) -> str:
    source = result.snapshot.provenance
    return describe_origin(source) if source.source == CARRIED else ""


def _print_tests(title: str, tests: Sequence[str], write: Write) -> None:
    if tests:
        write(f"{title} ({len(tests)}):")
        write("\n".join(tables.cut_list(tests, _MOST_TESTS)))


def _print_baseline(
    results: Sequence[SuiteResult],
    table: Table,
    combine: Callable[[], Sequence[Path]],
    write: Write,
) -> None:
    if carried := [result.snapshot.suite for result in results if _describe_carried(result)]:
        write(f"baseline: not written: no data for {', '.join(carried)} (carried)")
        return
    if unpublished := [result.snapshot.suite for result in results if not result.published]:
        write(f"baseline: not written: {', '.join(unpublished)} did not finish")
        return
    changed = [result.snapshot.suite for result in results if _changed_meanwhile(result)]
    if changed:
        write(f"baseline: not written: files of {', '.join(changed)} changed during the run")
        return
    if files := [os.path.relpath(path, table.root) for path in combine()]:
        write(f"baseline: wrote {', '.join(files)}")


def _changed_meanwhile(result: SuiteResult) -> bool:
    return CHANGED_MEANWHILE in result.snapshot.provenance.contents.values()


def _verdict_line(result: SuiteResult) -> str:
    suite, verdict = result.snapshot.suite, result.snapshot.verdict
    if result.partial:
        problem = f": {verdict.replace('-', ' ')}" if result.exit else ""
        return f"{suite}: partial run ({'; '.join(result.partial)}), floors not checked{problem}"
    percent = show(result.snapshot.total.percent)
    floor = result.snapshot.floor
    color = "green" if result.exit is Exit.PASS else "red"
    limit = f"floor {floor.percent} %, from {floor.origin}"
    line = f"{suite}: {paint(verdict, color)}: {percent} % ({limit})"
    origin = describe_origin(result.snapshot.provenance)
    return f"{line}; {origin}" if origin else line
