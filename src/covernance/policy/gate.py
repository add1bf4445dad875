"""The gate of one suite: is it tested well enough, and if not, why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from covernance.config import UNTHEMED, Suite, parse_floor
from covernance.errors import Exit
from covernance.model.counts import Counts, show
from covernance.model.snapshot import Cell

PASS = "pass"  # noqa: S105 - a verdict, no secret
TESTS_FAILED = "tests-failed"
NO_TESTS = "no-tests"
NO_DATA = "no-data"
ZERO_STATEMENTS = "zero-statements"
BELOW_FLOOR = "below-floor"


class AppliedFloor(msgspec.Struct, frozen=True):
    """A floor and who set it: an option, a variable or the table."""

    percent: Decimal
    origin: str


class Verdict(msgspec.Struct, frozen=True):
    """`pass`, or the first reason that it is not; `reasons` holds one sentence for each."""

    name: str
    reasons: tuple[str, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code of a command that ends with this verdict."""
        if self.name == PASS:
            return Exit.PASS
        return Exit.TESTS_FAILED if self.name == TESTS_FAILED else Exit.GATE


def applied_floor(suite: Suite, option: str | None, environ: Mapping[str, str]) -> AppliedFloor:
    """The floor in force, from the first of these that is given.

    The option, `COVERAGE_FAIL_UNDER_<SUITE>`, `COVERAGE_FAIL_UNDER`, the table.

    Raises:
        ConfigError: The value in force is no percentage.
    """
    own = f"COVERAGE_FAIL_UNDER_{suite.identifier.upper()}"
    given = [("--fail-under", option)]
    given += [(name, environ.get(name)) for name in (own, "COVERAGE_FAIL_UNDER")]
    for origin, text in given:
        if text:
            return AppliedFloor(parse_floor(text, origin), origin)
    return AppliedFloor(suite.fail_under, "pyproject.toml")


def judge(
    floor: AppliedFloor,
    total: Counts,
    cells: Mapping[str, Cell],
    failures: Sequence[str],
    unmeasured: Sequence[str],
) -> Verdict:
    """Judge a full run of one suite.

    Args:
        floor: The floor in force; the suite's raw total is compared with it exactly.
        total: The suite's raw counts.
        cells: The suite's themes, the unthemed pass included where there was one.
        failures: The tests that failed, or could not be run, over all passes.
        unmeasured: The themes whose tests ran without leaving any coverage data.
    """
    found = [(TESTS_FAILED, f"failed: {test}") for test in failures]
    for theme, cell in cells.items():
        if theme != UNTHEMED and not cell.outcomes.tests:
            found.append((NO_TESTS, f"theme {theme} selects no tests"))
    found += [(NO_DATA, f"the {theme} pass recorded no coverage data") for theme in unmeasured]
    if not total.total:
        found.append((ZERO_STATEMENTS, "the suite's sources have no statements to cover"))
    elif not total.meets(floor.percent):
        reason = (
            f"{show(total.percent)} % is below the floor of {floor.percent} % "
            f"(from {floor.origin}); {total.short_of(floor.percent)} more statements or branches "
            "must run"
        )
        found.append((BELOW_FLOOR, reason))
    if not found:
        return Verdict(PASS)
    return Verdict(found[0][0], tuple(reason for _, reason in found))
