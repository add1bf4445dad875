"""The gate of one suite: is it tested well enough, and if not, why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fnmatch import fnmatchcase

import msgspec

from covernance.config import UNTHEMED, Suite, parse_floor
from covernance.model.counts import Counts, show
from covernance.model.snapshot import Cell, FileResult
from covernance.model.verdict import (
    BELOW_FLOOR,
    EXPIRED_EXCEPTION,
    NO_DATA,
    NO_TESTS,
    PASS,
    TESTS_FAILED,
    ZERO_STATEMENTS,
    Verdict,
)


class AppliedFloor(msgspec.Struct, frozen=True):
    """A floor and who set it: an option, a variable or the table."""

    percent: Decimal
    origin: str


def find_applied_floor(
    suite: Suite, option: str | None, environ: Mapping[str, str]
) -> AppliedFloor:
    """The floor in force, from the first of these that is given.

    The option, `COVERAGE_FAIL_UNDER_<SUITE>`, `COVERAGE_FAIL_UNDER`, the table.

    Raises:
        ConfigError: The value in force is no percentage.
    """
    suite_variable = f"COVERAGE_FAIL_UNDER_{suite.identifier.upper()}"
    candidates = [("--fail-under", option)]
    candidates += [(name, environ.get(name)) for name in (suite_variable, "COVERAGE_FAIL_UNDER")]
    for origin, text in candidates:
        if text or (text is not None and origin == "--fail-under"):
            return AppliedFloor(parse_floor(text, origin), origin)
    return AppliedFloor(suite.fail_under, "pyproject.toml")


def find_file_floors(suite: Suite, paths: Iterable[str]) -> dict[str, Decimal]:
    """The floors of the files that have one of their own; of several that fit, the highest."""
    floors: dict[str, Decimal] = {}
    for path in paths:
        for pattern, floor in suite.file_floors.items():
            if fnmatchcase(path, pattern):
                floors[path] = max(floor, floors.get(path, floor))
    return floors


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a full run of one suite found.

    Attributes:
        cells: The suite's themes, the unthemed pass included where there was one.
        files: The suite's files.
        failures: The tests that failed, or could not be run, over all passes.
        unmeasured: The themes whose tests ran without leaving any coverage data.
        lost: The themes whose pass broke off without telling what it selected.
        unreadable: Why the sources can't be analysed; empty where they can.
    """

    cells: Mapping[str, Cell]
    files: Mapping[str, FileResult]
    failures: Sequence[str] = ()
    unmeasured: Sequence[str] = ()
    lost: Sequence[str] = ()
    unreadable: str = ""


class Exceptions(msgspec.Struct, frozen=True):
    """What the exception register says of one suite today.

    Attributes:
        waived: Files whose floors are waived.
        expired: A sentence for each exception that has run out.
    """

    waived: frozenset[str] = frozenset()
    expired: tuple[str, ...] = ()


NO_EXCEPTIONS = Exceptions()


def judge_suite(
    suite: Suite,
    floor: AppliedFloor,
    measured: Measured,
    exceptions: Exceptions = NO_EXCEPTIONS,
) -> Verdict:
    """Judge a full run of one suite: all that is wrong with it, the gravest first.

    The suite's floor is compared with the raw total, a theme's with what it earned, a file's with
    its own raw total, each exactly. A waived file has no floor, and a total that misses the
    suite's floor is judged without it.
    """
    problems = [(TESTS_FAILED, f"failed: {test}") for test in measured.failures]
    for theme, cell in measured.cells.items():
        if theme != UNTHEMED and theme not in measured.lost and not cell.outcomes.tests:
            problems.append((NO_TESTS, f"theme {theme} selects no tests"))
    problems += [
        (NO_DATA, f"the {theme} pass recorded no coverage data") for theme in measured.unmeasured
    ]
    if measured.unreadable:
        problems.append((NO_DATA, measured.unreadable))
    elif not sum_totals(measured.files.values()).total:
        problems.append((ZERO_STATEMENTS, "the suite's sources have no statements to cover"))
    else:
        below = _below(suite, floor, measured, exceptions.waived)
        problems += [(BELOW_FLOOR, reason) for reason in below]
    problems += [(EXPIRED_EXCEPTION, reason) for reason in exceptions.expired]
    if not problems:
        return Verdict(PASS)
    return Verdict(problems[0][0], tuple(reason for _, reason in problems))


def _below(
    suite: Suite, floor: AppliedFloor, measured: Measured, waived: frozenset[str]
) -> Iterator[str]:
    unwaived = sum_totals(file for path, file in measured.files.items() if path not in waived)
    counts = sum_totals(measured.files.values())
    if not counts.meets(floor.percent) and not unwaived.meets(floor.percent):
        yield (
            f"{show(counts.percent)} % is below the floor of {floor.percent} % "
            f"(from {floor.origin}); {counts.short_of(floor.percent)} more statements or branches "
            "must run"
        )
    for theme, least in suite.theme_floors.items():
        if (cell := measured.cells.get(theme)) and not cell.earned.meets(least):
            yield (
                f"theme {theme} earned {show(cell.earned.percent)} %, below its floor of "
                f"{least} %; {cell.earned.short_of(least)} more statements or branches must run"
            )
    floors = find_file_floors(suite, measured.files)
    for pattern in suite.file_floors:
        if not any(fnmatchcase(path, pattern) for path in measured.files):
            yield f"file-floors: {pattern!r} fits no measured file; correct it or take it out"
    for path, least in floors.items():
        file = measured.files[path].total
        if path not in waived and file.total and not file.meets(least):
            yield f"{path}: {show(file.percent)} % is below its floor of {least} %"


def sum_totals(files: Iterable[FileResult]) -> Counts:
    """The raw counts of files together."""
    return sum((file.total for file in files), Counts())
