"""Patch coverage: of the lines and branches that a change adds or edits, how many ran."""

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
    """How the changes of one suite are judged.

    Attributes:
        percent: The floor of what any test ran, lines and branches together.
        min_lines: With fewer changed statements than this a floor that is missed only informs.
    """

    percent: Decimal
    min_lines: int = 0


class PatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What ran of the changed lines of one suite, or of one of its themes.

    Attributes:
        suite: The suite's name.
        theme: The theme's name, or None for the suite.
        verdict: `pass`, `below-floor` or `informs`.
        floor: The suite's floor; None for a theme.
        counts: The changed statements and branches; for a theme, what importing executes is left
            out on both sides.
        uncovered: Changed statements that did not run.
        partial: Changed statements that ran, but not to each of their exits.
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
            what = "nothing measurable changed" if self.theme is None else "importing runs it all"
            return f"{whose}: {self.verdict}: {what} (0 of 0)"
        floor = "" if self.floor is None else f" of a floor of {self.floor} %"
        return (
            f"{whose}: {self.verdict}: {show(self.counts.percent)} %{floor}; "
            f"{self.counts.covered} of {self.counts.total} changed lines and branches ran"
        )


def judge_patch(
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
        _result(snapshot.suite, None, _slices(snapshot.files, changed, None), rule),
        *(
            _result(snapshot.suite, theme, _slices(snapshot.files, changed, theme), None)
            for theme in themes
        ),
    )


class _Slice(msgspec.Struct, frozen=True):
    """The changed statements of one file, and those of them that ran."""

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
    """A file's statements, those that ran, and its branches: by any test, or earned by a theme."""
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
