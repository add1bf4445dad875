"""Check the result of one suite against its floors, and list everything that fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase

import msgspec

from covernance.config import UNTHEMED, Suite, parse_floor
from covernance.model.counts import Counts, show
from covernance.model.snapshot import Cell, FileResult
from covernance.model.verdict import Assessment, Verdict, Waiver

_TABLE = "pyproject.toml"


class AppliedFloor(msgspec.Struct, frozen=True):
    """A floor and where it was set: an option, a variable or the table."""

    percent: Decimal
    origin: str


def find_applied_floor(
    suite: Suite, option: str | None, environ: Mapping[str, str]
) -> AppliedFloor:
    """Find the floor in force.

    It is the first of these that is set: the option, `COVERAGE_FAIL_UNDER_<SUITE>`,
    `COVERAGE_FAIL_UNDER`, the table.

    Raises:
        ConfigError: The value in force is not a percentage.
    """
    suite_variable = f"COVERAGE_FAIL_UNDER_{suite.identifier.upper()}"
    candidates = [("--fail-under", option)]
    candidates += [(name, environ.get(name)) for name in (suite_variable, "COVERAGE_FAIL_UNDER")]
    for origin, text in candidates:
        if text or (text is not None and origin == "--fail-under"):
            return AppliedFloor(parse_floor(text, origin), origin)
    return AppliedFloor(suite.fail_under, _TABLE)


def find_file_floors(suite: Suite, paths: Iterable[str]) -> dict[str, Decimal]:
    """Find the floors of files that have their own; the highest if several patterns match."""
    floors: dict[str, Decimal] = {}
    for path in paths:
        for pattern, floor in suite.file_floors.items():
            if _matches(path, pattern):
                floors[path] = max(floor, floors.get(path, floor))
    return floors


def _matches(path: str, pattern: str) -> bool:
    """Whether a key of `file-floors` is the path, which may have brackets, or a glob for it."""
    return path == pattern or fnmatchcase(path, pattern)


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The measurements of a full run of one suite.

    Attributes:
        cells: Results by theme, including the unthemed pass if there was one.
        files: Results by file.
        failures: The tests that failed or could not be run, in any pass.
        unmeasured: The themes whose tests ran without recording any coverage data.
        lost: The themes whose pass ended before it reported the selected tests.
        idle: The themes with tests of which none ran, because all were skipped.
        unexecuted: Why sources were not executed at all, one sentence per source.
        unreadable: Why the sources can't be analysed; empty if they can.
    """

    cells: Mapping[str, Cell]
    files: Mapping[str, FileResult]
    failures: Sequence[str] = ()
    unmeasured: Sequence[str] = ()
    lost: Sequence[str] = ()
    idle: Sequence[str] = ()
    unexecuted: Sequence[str] = ()
    unreadable: str = ""


class Exceptions(msgspec.Struct, frozen=True):
    """The exceptions of one suite that are in force today.

    Attributes:
        waived: The files whose floors are waived.
        expired: One sentence per expired exception.
        idle: One sentence per exception that waives nothing; shown if a floor is missed.
    """

    waived: tuple[Waiver, ...] = ()
    expired: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()


NO_EXCEPTIONS = Exceptions()


def judge_suite(
    suite: Suite,
    floor: AppliedFloor,
    measured: Measured,
    exceptions: Exceptions = NO_EXCEPTIONS,
) -> Assessment:
    """Judge a full run of one suite and list all that is wrong, the most serious first.

    The suite's floor is compared with the raw total, a theme's floor with its earned coverage, and
    a file's floor with its raw coverage, each exactly. A waived file has no floor, and a total that
    is below the suite's floor is checked again without the waived files.
    """
    problems = [(Verdict.TESTS_FAILED, f"failed: {test}") for test in measured.failures]
    for theme, cell in measured.cells.items():
        if theme != UNTHEMED and theme not in measured.lost and not cell.outcomes.tests:
            problems.append((Verdict.NO_TESTS, f"theme {theme} selects no tests"))
    problems += [
        (Verdict.NO_TESTS, f"theme {theme} ran none of its tests: all were skipped")
        for theme in measured.idle
        if theme != UNTHEMED or len(measured.cells) == 1
    ]
    problems += [
        (Verdict.NO_DATA, f"the {theme} pass recorded no coverage data")
        for theme in measured.unmeasured
    ]
    if measured.unreadable:
        problems.append((Verdict.NO_DATA, measured.unreadable))
    else:
        waived = frozenset(waiver.path for waiver in exceptions.waived)
        problems += _judge_counts(suite, floor, measured, waived)
    if any(verdict is Verdict.BELOW_FLOOR for verdict, _ in problems):
        problems += [(Verdict.BELOW_FLOOR, reason) for reason in exceptions.idle]
    problems += [(Verdict.EXPIRED_EXCEPTION, reason) for reason in exceptions.expired]
    if not problems:
        return Assessment(Verdict.PASS)
    return Assessment(problems[0][0], tuple(reason for _, reason in problems))


def find_used_waivers(
    suite: Suite, floor: AppliedFloor, measured: Measured, waived: Iterable[Waiver]
) -> tuple[Waiver, ...]:
    """Find the waivers of files that are below their own floor, or else the suite's."""
    floors = find_file_floors(suite, measured.files)
    return tuple(
        waiver
        for waiver in sorted(waived)
        if (file := measured.files.get(waiver.path))
        and file.total.total
        and not file.total.meets(floors.get(waiver.path, floor.percent))
    )


def _judge_counts(
    suite: Suite, floor: AppliedFloor, measured: Measured, waived: frozenset[str]
) -> Iterator[tuple[Verdict, str]]:
    counts = sum_totals(measured.files.values())
    if not counts.total:
        yield Verdict.ZERO_STATEMENTS, "the suite's sources have no statements to cover"
        return
    below = tuple(_below(suite, floor, measured, waived))
    if below or not counts.executed:
        verdict = Verdict.BELOW_FLOOR if counts.executed else Verdict.NO_DATA
        yield from ((verdict, reason) for reason in measured.unexecuted)
    yield from ((Verdict.BELOW_FLOOR, reason) for reason in below)


def _below(
    suite: Suite, floor: AppliedFloor, measured: Measured, waived: frozenset[str]
) -> Iterator[str]:
    unwaived = sum_totals(file for path, file in measured.files.items() if path not in waived)
    counts = sum_totals(measured.files.values())
    if not counts.meets(floor.percent) and not unwaived.meets(floor.percent):
        origin = "" if floor.origin == _TABLE else f", from {floor.origin}"
        missing = _missing(counts, floor.percent)
        yield f"{show(counts.percent)} % (floor {floor.percent} %{origin}). {missing}"
    for theme, least in suite.theme_floors.items():
        if (cell := measured.cells.get(theme)) and not cell.earned.meets(least):
            missing = _missing(cell.earned, least)
            yield f"theme {theme} earned {show(cell.earned.percent)} % (floor {least} %). {missing}"
    floors = find_file_floors(suite, measured.files)
    for pattern in suite.file_floors:
        if not any(_matches(path, pattern) for path in measured.files):
            yield f"file-floors: {pattern!r} matches no measured file; correct or remove it"
    for path, least in floors.items():
        file = measured.files[path].total
        if path not in waived and file.total and not file.meets(least):
            yield f"{path}: {show(file.percent)} % (floor {least} %). {_missing(file, least)}"


def _missing(counts: Counts, floor: Decimal) -> str:
    number = counts.short_of(floor)
    what = "statement or branch" if number == 1 else "statements or branches"
    return f"{number} more {what} must run."


def sum_totals(files: Iterable[FileResult]) -> Counts:
    """Add up the raw counts of files."""
    return sum((file.total for file in files), Counts())
