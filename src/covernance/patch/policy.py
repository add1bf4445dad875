"""Patch coverage: how many of the lines and branches that a change adds or edits ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from covernance.config import UNTHEMED
from covernance.model import lines
from covernance.model.counts import Counts, show
from covernance.model.snapshot import FileResult, Snapshot
from covernance.model.verdict import Verdict

Place = tuple[str, int]
"""A file and a line of it."""


class PatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """The patch coverage floor of one suite.

    Attributes:
        percent: The floor for lines and branches together, run by any test.
        min_lines: With fewer changed statements than this, a missed floor does not fail.
    """

    percent: Decimal
    min_lines: int = 0


class PatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The patch coverage of one suite, or of one of its themes.

    Attributes:
        suite: The suite's name.
        theme: The theme's name, or None for the suite.
        verdict: `pass`, `below-floor` or `informs`.
        floor: The suite's floor; None for a theme.
        counts: The changed statements and branches; for a theme, without those that importing
            executes.
        uncovered: Changed statements that did not run.
        partial: Changed statements that ran, but did not take all of their exits.
    """

    suite: str
    theme: str | None
    verdict: Verdict
    floor: Decimal | None
    counts: Counts
    uncovered: tuple[Place, ...]
    partial: tuple[Place, ...] = ()

    def __str__(self) -> str:
        whose = self.suite if self.theme is None else f"{self.suite} × {self.theme}"
        if not self.counts.total:
            what = "no changed statements" if self.theme is None else "importing runs all of them"
            return f"{whose}: {self.verdict}: {what} (0 of 0)"
        floor = "" if self.floor is None else f" (floor {self.floor} %)"
        return (
            f"{whose}: {self.verdict}: {show(self.counts.percent)} %{floor}; "
            f"{self.counts.covered} of {self.counts.total} changed lines and branches ran"
        )


def judge_patch(
    snapshot: Snapshot, changed: Mapping[str, frozenset[int]], rule: PatchRule
) -> tuple[PatchResult, ...]:
    """Check the patch coverage of a change: of the suite first, then of its themes.

    Args:
        snapshot: The suite's result, measured with the change applied.
        changed: The suite's files with their new or edited lines, each as the first line of its
            statement. In a file that the snapshot does not contain, every line counts as a
            statement that did not run, so that unmeasured files can't pass as covered.
        rule: The floor in force.
    """
    themes = (theme for theme in snapshot.themes if theme != UNTHEMED)
    return (
        _result(snapshot.suite, None, _slices(snapshot.files, changed, None), rule),
        *(
            _result(snapshot.suite, theme, _slices(snapshot.files, changed, theme), None)
            for theme in themes
        ),
    )


class _Slice(msgspec.Struct, frozen=True):
    """The changed statements of one file, and which of them ran."""

    path: str
    statements: frozenset[int]
    executed: frozenset[int]
    branches: Mapping[int, tuple[int, int]] = {}


def _slices(
    files: Mapping[str, FileResult], changed: Mapping[str, frozenset[int]], theme: str | None
) -> Iterator[_Slice]:
    for path, touched in sorted(changed.items()):
        if path not in files:
            yield _Slice(path, touched, frozenset())
            continue
        statements, executed, branches = _ran(files[path], theme)
        exits = {line: counts for line, counts in branches.items() if line in touched}
        yield _Slice(path, statements & touched, executed & statements & touched, exits)


def _ran(
    file: FileResult, theme: str | None
) -> tuple[frozenset[int], frozenset[int], Mapping[int, tuple[int, int]]]:
    """Return a file's statements, those that ran, and its branches: in total or for a theme."""
    executed = lines.decode(file.executed_lines)
    statements = executed | lines.decode(file.missing_lines)
    if theme is None:
        return statements, executed, file.branches
    if (cell := file.themes.get(theme)) is None:
        return statements, frozenset(), {}
    return lines.decode(cell.earnable), lines.decode(cell.executed_lines), cell.earnable_branches


def _result(
    suite: str, theme: str | None, slices: Iterable[_Slice], rule: PatchRule | None
) -> PatchResult:
    counts = Counts()
    uncovered: list[Place] = []
    partial: list[Place] = []
    for piece in slices:
        counts += Counts(
            len(piece.statements),
            len(piece.executed),
            sum(exits for exits, _ in piece.branches.values()),
            sum(taken for _, taken in piece.branches.values()),
        )
        uncovered += [(piece.path, line) for line in sorted(piece.statements - piece.executed)]
        partial += [
            (piece.path, line)
            for line, (exits, taken) in sorted(piece.branches.items())
            if taken < exits and line in piece.executed
        ]
    return PatchResult(
        suite=suite,
        theme=theme,
        verdict=_verdict(counts, rule),
        floor=rule.percent if rule else None,
        counts=counts,
        uncovered=tuple(uncovered),
        partial=tuple(partial),
    )


def _verdict(counts: Counts, rule: PatchRule | None) -> Verdict:
    if not counts.total:
        return Verdict.PASS
    if rule is None:
        return Verdict.INFORMS
    if counts.meets(rule.percent):
        return Verdict.PASS
    return Verdict.INFORMS if counts.statements < rule.min_lines else Verdict.BELOW_FLOOR
