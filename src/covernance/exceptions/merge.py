"""Merge measured results into the exception register, and find problems in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from covernance.exceptions.register_markdown import Machine, Opening, Register
from covernance.exceptions.row import Row, Status
from covernance.exceptions.waivers import ReviewDates, describe_late, find_expired, find_late
from covernance.model.counts import show
from covernance.model.snapshot import Provenance, Snapshot
from covernance.model.verdict import Verdict

GONE = "gone"
"""Written instead of a percentage if the file is no longer measured."""

_SHORT = 10


class Floors(msgspec.Struct, frozen=True):
    """The floors of a suite's files: a file's own floor, or else the suite's."""

    suite: Decimal
    files: Mapping[str, Decimal] = {}

    def of(self, path: str) -> Decimal:
        """Return the floor of one file."""
        return self.files.get(path, self.suite)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The initial values of rows that are opened today.

    Attributes:
        today: The date on which the row is opened.
        review: The last day on which the exception is valid.
        owner_of: Returns the owner of a file; empty if it has none.
    """

    today: date
    review: date
    owner_of: Callable[[str], str]


class Change(msgspec.Struct, frozen=True, order=True):
    """A change that `sync` makes to one row."""

    module: str
    suite: str
    kind: Literal["opened", "reopened", "resolved", "updated"]
    current: str


class Synced(msgspec.Struct, frozen=True):
    """The text of an up-to-date register, and the sorted changes that were needed."""

    text: str
    changes: tuple[Change, ...]


class Problem(msgspec.Struct, frozen=True):
    """A problem that makes `check` fail; `line` counts from 1, None for a row not yet written."""

    line: int | None
    module: str
    suite: str
    kind: str
    text: str


def find_below_floor(snapshot: Snapshot, floors: Floors) -> tuple[str, ...]:
    """List the files whose raw coverage is below their floor, sorted.

    A file with nothing to cover is never below its floor.
    """
    return tuple(
        path
        for path, result in sorted(snapshot.files.items())
        if result.total.total and not result.total.meets(floors.of(path))
    )


def merge_rows(
    register: Register, snapshots: Iterable[Snapshot], floors: Mapping[str, Floors], terms: Terms
) -> Synced:
    """Update a register from snapshots; merging the same ones again changes nothing.

    A file below its floor gets a row. An open row gets the current numbers. A row whose file has
    recovered, or is no longer measured, is marked resolved. Only generated cells change, and rows
    of suites without a snapshot do not change at all.

    Args:
        register: The current register.
        snapshots: At most one per suite.
        floors: The floors by suite, for each suite in `snapshots`.
        terms: The initial values of new rows.

    Raises:
        InputError: The path of a file can't be written in a Markdown table.
    """
    machine: dict[tuple[str, str], Machine] = {}
    openings: list[Opening] = []
    changes: list[Change] = []
    for snapshot in snapshots:
        suite, suite_floors = snapshot.suite, floors[snapshot.suite]
        below = find_below_floor(snapshot, suite_floors)
        rows = [row for row in register.rows if row.suite == suite]
        for row in rows:
            current = _current(snapshot, row.module, suite_floors)
            is_below = row.module in below
            status = _status(row, snapshot.provenance, terms.today, below=is_below)
            if kind := _kind(row, current, status):
                machine[row.key] = Machine(current, str(status))
                changes.append(Change(row.module, suite, kind, current))
        for path in set(below) - {row.module for row in rows}:
            opening = Opening(
                module=path,
                suite=suite,
                machine=Machine(
                    _current(snapshot, path, suite_floors), str(Status("open", terms.today))
                ),
                owner=terms.owner_of(path),
                review=terms.review,
            )
            openings.append(opening)
            changes.append(Change(path, suite, "opened", opening.machine.current))
    return Synced(register.rewrite(machine, openings), tuple(sorted(changes)))


def find_problems(
    rows: Iterable[Row],
    changes: Iterable[Change],
    dates: ReviewDates,
    is_file: Callable[[Row], bool],
) -> tuple[Problem, ...]:
    """Find everything that makes `check` fail, by line; missing rows come first.

    Args:
        rows: The current rows.
        changes: The changes that `sync` would make.
        dates: The review dates that are valid on the day of the check.
        is_file: Whether a row names a file of its suite.
    """
    rows_by_key = {row.key: row for row in rows}
    misnamed = {key: row for key, row in rows_by_key.items() if row.open and not is_file(row)}
    problems = []
    for row in misnamed.values():
        text = f"is not a file of suite {row.suite}: a row is for one file, written as its path "
        text += "from the root; correct it, or run sync, which marks the row as resolved"
        problems.append(Problem(row.line, row.module, row.suite, "not-a-file", text))
    for change in changes:
        if (change.module, change.suite) in misnamed:
            continue
        existing = rows_by_key.get((change.module, change.suite))
        text = f"out of date: run sync, which marks this row as {change.kind} ({change.current})"
        if not existing:
            text = f"below its floor ({change.current}) and has no row; run sync"
        line = existing.line if existing else None
        problems.append(Problem(line, change.module, change.suite, "out-of-step", text))
    for row in rows_by_key.values():
        if row.open and row.unfilled:
            text = f"incomplete: fill in {' and '.join(row.unfilled)}"
            problems.append(Problem(row.line, row.module, row.suite, "unfilled", text))
    for row in find_late(rows_by_key.values(), dates):
        text = f"waives nothing: {describe_late(row, dates)}"
        problems.append(Problem(row.line, row.module, row.suite, "late-review", text))
    for row in find_expired(rows_by_key.values(), dates.today):
        text = f"expired on {row.review}; cover the file and run sync, or ask its owner to renew it"
        problems.append(Problem(row.line, row.module, row.suite, Verdict.EXPIRED_EXCEPTION, text))
    return tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.module)))


def _current(snapshot: Snapshot, path: str, floors: Floors) -> str:
    result = snapshot.files.get(path)
    return f"{show(result.total.percent) if result else GONE} / {floors.of(path)}"


def _status(row: Row, provenance: Provenance, today: date, *, below: bool) -> Status:
    """Return the status that a row should have."""
    if not below:
        return Status("resolved", today, _commit(provenance))
    return row.status if row.open and row.status.day else Status("open", today)


def _kind(
    row: Row, current: str, status: Status
) -> Literal["reopened", "resolved", "updated"] | None:
    """Name the change to a new status and new numbers; a row that stays resolved never changes."""
    if row.status.state != status.state:
        return "resolved" if row.open else "reopened"
    return "updated" if row.open and (row.current, row.status) != (current, status) else None


def _commit(provenance: Provenance) -> str:
    """Return the measured commit as a short hash, with `after` if there were later changes."""
    if not provenance.commit:
        return "no commit"
    after = "after " if provenance.dirty else ""
    return after + provenance.commit[:_SHORT]
