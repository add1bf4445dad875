"""Patch coverage: of the lines and branches that a change adds or edits, how many ran."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from covernance.config import UNTHEMED
from covernance.model import lines
from covernance.model.counts import Counts, show
from covernance.model.snapshot import FileResult, Snapshot
from covernance.policy.gate import BELOW_FLOOR, PASS

INFORMS = "informs"
"""In place of a verdict: too few lines to judge by, or no floor to judge against."""

Place = tuple[str, int]
"""A file and a line of it."""

_NOTHING = frozenset[int]()


class PatchRule(msgspec.Struct, frozen=True, kw_only=True):
    """How the changes of one suite are judged.

    Attributes:
        percent: The floor of what any test ran, lines and branches together.
        themes: The floors of what a theme's tests ran; a theme without one only informs.
        min_lines: With fewer changed statements than this a floor that is missed only informs.
    """

    percent: Decimal
    themes: Mapping[str, Decimal] = {}
    min_lines: int = 0


class PatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ran of the changed lines of one suite, or of one of its themes.

    Attributes:
        suite: The suite's name.
        theme: The theme's name, or None for the suite.
        verdict: `pass`, `below-floor` or `informs`.
        floor: The floor, or None.
        counts: The changed statements and branches. A theme counts statements alone, those that
            importing executes left out: which theme took a branch is not recorded.
        uncovered: Changed statements that did not run.
        partial: Changed statements that ran, but not to each of their exits.
    """

    suite: str
    theme: str | None
    verdict: str
    floor: Decimal | None
    counts: Counts
    uncovered: tuple[Place, ...]
    partial: tuple[Place, ...] = ()

    def __str__(self) -> str:
        whose = self.suite if self.theme is None else f"{self.suite} × {self.theme}"
        if not self.counts.total:
            return f"{whose}: {self.verdict}: nothing measurable changed (0 of 0)"
        floor = "no floor" if self.floor is None else f"a floor of {self.floor} %"
        what = "lines" if self.theme else "lines and branches"
        return (
            f"{whose}: {self.verdict}: {show(self.counts.percent)} % of {floor}; "
            f"{self.counts.covered} of {self.counts.total} changed {what} ran"
        )


def patch(
    snapshot: Snapshot, changed: Mapping[str, frozenset[int]], rule: PatchRule
) -> tuple[PatchResult, ...]:
    """Judge a change by the suite's last result: the suite first, then its themes.

    Args:
        snapshot: The suite's result, measured on the files as the change leaves them.
        changed: The suite's files with the lines that are new or edited, each as the first line of
            its statement. Every line of a file that the snapshot does not know counts as a
            statement that did not run: a file that was never measured must not pass as covered.
        rule: The floors in force.
    """
    themes = (theme for theme in snapshot.themes if theme != UNTHEMED)
    return (
        _result(snapshot.suite, None, _suite_slices(snapshot, changed), rule.percent, rule),
        *(
            _result(
                snapshot.suite,
                theme,
                _theme_slices(snapshot, changed, theme),
                rule.themes.get(theme),
                rule,
            )
            for theme in themes
        ),
    )


class _Slice(msgspec.Struct, frozen=True):
    """The changed statements of one file, and those of them that ran."""

    path: str
    statements: frozenset[int]
    executed: frozenset[int]
    branches: Mapping[int, tuple[int, int]] = {}


def _suite_slices(snapshot: Snapshot, changed: Mapping[str, frozenset[int]]) -> Iterable[_Slice]:
    for path, touched in sorted(changed.items()):
        if file := snapshot.files.get(path):
            executed = lines.decode(file.executed_lines)
            statements = executed | lines.decode(file.missing_lines)
            exits = {line: counts for line, counts in file.branches.items() if line in touched}
            yield _Slice(path, statements & touched, executed & touched, exits)
        else:
            yield _Slice(path, touched, _NOTHING)


def _theme_slices(
    snapshot: Snapshot, changed: Mapping[str, frozenset[int]], theme: str
) -> Iterable[_Slice]:
    for path, touched in sorted(changed.items()):
        if file := snapshot.files.get(path):
            imported = lines.decode(file.imported_lines)
            statements = lines.decode(file.executed_lines) | lines.decode(file.missing_lines)
            earned = _executed(file, theme) - imported
            left = (statements - imported) & touched
            yield _Slice(path, left, earned & left)
        else:
            yield _Slice(path, touched, _NOTHING)


def _executed(file: FileResult, theme: str) -> frozenset[int]:
    cell = file.themes.get(theme)
    return lines.decode(cell.executed_lines) if cell else _NOTHING


def _result(
    suite: str, theme: str | None, slices: Iterable[_Slice], floor: Decimal | None, rule: PatchRule
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
        verdict=_verdict(counts, floor, rule.min_lines),
        floor=floor,
        counts=counts,
        uncovered=tuple(uncovered),
        partial=tuple(partial),
    )


def _verdict(counts: Counts, floor: Decimal | None, min_lines: int) -> str:
    if not counts.total:
        return PASS
    if floor is None:
        return INFORMS
    if counts.meets(floor):
        return PASS
    return INFORMS if counts.statements < min_lines else BELOW_FLOOR
