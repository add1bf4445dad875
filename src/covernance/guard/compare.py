"""Compare one suite's result with its base, and find drops in coverage.

A drop means that remaining code is covered less than before. The base is therefore recomputed
without the files and lines that were removed, so that removing code alone is not a drop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

import msgspec

from covernance.config import UNTHEMED, Suite
from covernance.model import lines
from covernance.model.counts import Counts, show, show_drop
from covernance.model.snapshot import FileResult, Snapshot
from covernance.model.verdict import Assessment, Verdict

TOTAL = "total"
"""The measure `total`: the suite's raw coverage. The other measures are `PATCH` and the themes."""

PATCH = "patch"
"""The measure `patch`: the change's patch coverage, compared with that of the change before it."""

_MOST_FILES = 10

_LEAST_PART = 10
"""At least one in so many statements of the base must be left, or of those that are there now."""


class Removed(msgspec.Struct, frozen=True):
    """What a change removed from a file of the base.

    Attributes:
        path: The current name of the file; None for a deleted file.
        lines: The deleted or edited lines of the base.
    """

    path: str | None
    lines: frozenset[int] = frozenset()


class FileDrop(msgspec.Struct, frozen=True):
    """A file with more missing statements and branches than before.

    Attributes:
        path: Its current name.
        missing: How many more of its statements and branches are missing.
        lines: In an unchanged file, the statements that ran in the base and did not now; otherwise
            all missing statements.
    """

    path: str
    missing: int
    lines: str


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """One measure, compared with its base.

    Attributes:
        measure: `total` (raw), `patch` or a theme (earned).
        before: The base's counts without removed code; for `patch`, those of the change before it.
        after: The current counts.
        limit: How many percentage points the measure may fall.
        files: The files that account for the drop, the largest first.
    """

    measure: str
    before: Counts
    after: Counts
    limit: Decimal
    files: tuple[FileDrop, ...]

    @property
    def points(self) -> Fraction:
        """How many percentage points the measure fell; negative if it rose."""
        return (self.before.percent or Fraction(0)) - (self.after.percent or Fraction(0))

    @property
    def over(self) -> bool:
        """Whether the measure fell by more than the limit."""
        return self.before.total > 0 and self.points > Fraction(self.limit)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A suite compared with its base.

    Attributes:
        suite: The suite's name.
        numbers: Every measure.
        gone: Tests of the base that no longer exist.
        broken: Tests that passed in the base and no longer pass.
        incomparable: Why too little of the base is left to compare with; empty if enough is.
    """

    suite: str
    numbers: tuple[Drop, ...]
    gone: tuple[str, ...]
    broken: tuple[str, ...]
    incomparable: str = ""

    @property
    def assessment(self) -> Assessment:
        """`dropped` if a measure fell by more than its limit, or `nothing-to-compare`."""
        reasons = tuple(
            f"{drop.measure} fell by {show_drop(drop.points)} points (limit {drop.limit}), from "
            f"{show(drop.before.percent)} % to {show(drop.after.percent)} %"
            for drop in self.numbers
            if drop.over
        )
        if reasons:
            return Assessment(Verdict.DROPPED, reasons)
        if self.incomparable:
            return Assessment(Verdict.NOTHING_TO_COMPARE, (self.incomparable,))
        return Assessment(Verdict.PASS)


def compare_results(
    base: Snapshot,
    now: Snapshot,
    removed: Mapping[str, Removed],
    suite: Suite,
    *,
    patch_min_lines: int,
) -> Comparison:
    """Compare a result with its base.

    Args:
        base: The suite's result at the base.
        now: Its current result.
        removed: What was removed from each file of the base that the change touched.
        suite: The suite, with its limits.
        patch_min_lines: With fewer changed statements on either side, patch coverage is not
            compared.
    """
    themes = [theme for theme in now.themes if theme != UNTHEMED and theme in base.themes]
    measures: dict[str, Callable[[FileResult], _View]] = {TOTAL: _raw}
    measures |= {theme: _earned(theme) for theme in themes}
    limits = {theme: suite.theme_max_drop.get(theme, suite.max_drop) for theme in themes}
    numbers = tuple(
        _drop(measure, view, base, now, removed, limits.get(measure, suite.max_drop))
        for measure, view in measures.items()
    )
    return Comparison(
        suite=now.suite,
        numbers=(*numbers, *_patch(base, now, suite.patch_max_drop, patch_min_lines)),
        incomparable=_explain_replaced(base.total, numbers[0]),
        gone=tuple(test for test in base.tests if test not in now.tests),
        broken=tuple(
            test
            for test, result in now.tests.items()
            if test in base.tests
            and base.tests[test].outcome == "passed"
            and result.outcome != "passed"
        ),
    )


def _explain_replaced(base: Counts, total: Drop) -> str:
    """Explain why a lower total can't be compared: new code replaced nearly all of the base.

    Without the removed code the base is then a few lines, or none, that fell by nothing.
    """
    left, lower = total.before, msgspec.structs.replace(total, before=base)
    if left.total * _LEAST_PART >= min(base.total, total.after.total) or not lower.over:
        return ""
    return (
        f"{left.total} of {base.total} statements and branches of the base are left, too few to "
        f"compare; the total was {show(base.percent)} % and is {show(total.after.percent)} % "
        f"(limit {total.limit}). Cover the new code, or pass --bootstrap"
    )


def _patch(base: Snapshot, now: Snapshot, limit: Decimal, min_lines: int) -> Iterator[Drop]:
    if base.patch is None or now.patch is None:
        return
    before, after = base.patch.total, now.patch.total
    if min(before.statements, after.statements) >= max(min_lines, 1):
        yield Drop(measure=PATCH, before=before, after=after, limit=limit, files=())


class _View(msgspec.Struct, frozen=True):
    """One measure of one file, line by line."""

    counts: Counts
    statements: frozenset[int] = frozenset()
    executed: frozenset[int] = frozenset()
    branches: dict[int, tuple[int, int]] = {}

    def without(self, gone: frozenset[int]) -> Counts:
        remaining = [pair for line, pair in self.branches.items() if line not in gone]
        return Counts(
            len(self.statements - gone),
            len(self.executed - gone),
            sum(exits for exits, _ in remaining),
            sum(taken for _, taken in remaining),
        )


def _raw(file: FileResult) -> _View:
    executed = lines.decode(file.executed_lines)
    missing = lines.decode(file.missing_lines)
    return _View(file.total, executed | missing, executed, file.branches)


def _earned(theme: str) -> Callable[[FileResult], _View]:
    def view(file: FileResult) -> _View:
        cell = file.themes.get(theme)
        if cell is None:
            return _View(Counts())
        earnable = lines.decode(cell.earnable)
        executed = lines.decode(cell.executed_lines) & earnable
        return _View(cell.earned, earnable, executed, cell.earnable_branches)

    return view


def _drop(
    measure: str,
    view: Callable[[FileResult], _View],
    base: Snapshot,
    now: Snapshot,
    removed: Mapping[str, Removed],
    limit: Decimal,
) -> Drop:
    before = Counts()
    drops = []
    for path, file in base.files.items():
        change = removed.get(path, Removed(path))
        if change.path not in now.files:
            continue
        old, new = view(file), view(now.files[change.path])
        remaining = old.without(change.lines) if change.lines else old.counts
        before += remaining
        newly_missing = (new.counts.total - new.counts.covered) - (
            remaining.total - remaining.covered
        )
        if newly_missing > 0:
            missing = new.statements - new.executed
            lost = missing if path in removed else missing & old.executed
            drops.append(FileDrop(change.path, newly_missing, lines.encode(lost)))
    base_paths = {removed.get(path, Removed(path)).path for path in base.files}
    for path, file in now.files.items():
        if path not in base_paths:
            new = view(file)
            if missing_in_new_file := new.counts.total - new.counts.covered:
                drops.append(
                    FileDrop(path, missing_in_new_file, lines.encode(new.statements - new.executed))
                )
    after = Counts()
    for file in now.files.values():
        after += view(file).counts
    worst = sorted(drops, key=lambda drop: (-drop.missing, drop.path))[:_MOST_FILES]
    return Drop(measure=measure, before=before, after=after, limit=limit, files=tuple(worst))
