"""The exception register kept in step with what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from covernance.exceptions.register_markdown import Machine, Opening, Register
from covernance.exceptions.row import Row, Status
from covernance.exceptions.waivers import find_expired
from covernance.model.counts import show
from covernance.model.snapshot import Provenance, Snapshot
from covernance.model.verdict import EXPIRED_EXCEPTION

GONE = "gone"
"""In place of a percentage: the file is measured no more."""

_SHORT = 10


class Floors(msgspec.Struct, frozen=True):
    """The floors of a suite's files: their own where they have one, else the suite's."""

    suite: Decimal
    files: Mapping[str, Decimal] = {}

    def of(self, path: str) -> Decimal:
        """The floor of one file."""
        return self.files.get(path, self.suite)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What rows that are opened today say until a person changes it.

    Attributes:
        today: The day of the opening.
        review: The last day on which the exception holds.
        owner_of: The owner of a file; empty where nobody is named.
    """

    today: date
    review: date
    owner_of: Callable[[str], str]


class Change(msgspec.Struct, frozen=True, order=True):
    """What `sync` does to one row."""

    module: str
    suite: str
    kind: Literal["opened", "reopened", "resolved", "updated"]
    current: str


class Synced(msgspec.Struct, frozen=True):
    """A register in step: its text, and what was changed to get there, sorted."""

    text: str
    changes: tuple[Change, ...]


class Problem(msgspec.Struct, frozen=True):
    """Why a register does not pass `check`; `line` counts from 1, None for a row to come."""

    line: int | None
    module: str
    suite: str
    kind: str
    text: str


def find_below_floor(snapshot: Snapshot, floors: Floors) -> tuple[str, ...]:
    """The files whose own raw percentage is below their floor, sorted.

    A file with nothing to cover is below no floor.
    """
    return tuple(
        path
        for path, result in sorted(snapshot.files.items())
        if result.total.total and not result.total.meets(floors.of(path))
    )


def merge_rows(
    register: Register, snapshots: Iterable[Snapshot], floors: Mapping[str, Floors], terms: Terms
) -> Synced:
    """Bring a register in step with snapshots; a second time changes nothing.

    A file below its floor gets a row; an open row gets the present numbers; a row whose file
    recovered, or is measured no more, is marked resolved. Only the machine's cells change, and
    rows of suites without a snapshot do not change at all.

    Args:
        register: The register as it stands.
        snapshots: At most one a suite.
        floors: The floors by suite; each suite of `snapshots` has some.
        terms: What new rows say.

    Raises:
        InputError: The path of a file can't be written in a table.
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
    rows: Iterable[Row], changes: Iterable[Change], today: date
) -> tuple[Problem, ...]:
    """Everything for which `check` says no, by line; rows to come first.

    Args:
        rows: The rows as they stand.
        changes: What `sync` would do to them.
        today: The day of the check.
    """
    rows_by_key = {row.key: row for row in rows}
    problems = []
    for change in changes:
        row = rows_by_key.get((change.module, change.suite))
        text = f"not in step: sync would mark this row as {change.kind} ({change.current})"
        if not row:
            text = f"not in step: below its floor ({change.current}) and has no row; run sync"
        line = row.line if row else None
        problems.append(Problem(line, change.module, change.suite, "out-of-step", text))
    for row in rows_by_key.values():
        if row.open and row.unfilled:
            text = f"a person has still to fill in: {', '.join(row.unfilled)}"
            problems.append(Problem(row.line, row.module, row.suite, "unfilled", text))
    for row in find_expired(rows_by_key.values(), today):
        text = f"ran out on {row.review}; cover the file and run sync, or have its owner renew it"
        problems.append(Problem(row.line, row.module, row.suite, EXPIRED_EXCEPTION, text))
    return tuple(sorted(problems, key=lambda problem: (problem.line or 0, problem.module)))


def _current(snapshot: Snapshot, path: str, floors: Floors) -> str:
    result = snapshot.files.get(path)
    return f"{show(result.total.percent) if result else GONE} / {floors.of(path)}"


def _status(row: Row, provenance: Provenance, today: date, *, below: bool) -> Status:
    """Where a row has to stand; a row that stays resolved keeps what it says."""
    if not below:
        return Status("resolved", today, _commit(provenance))
    return row.status if row.open and row.status.day else Status("open", today)


def _kind(
    row: Row, current: str, status: Status
) -> Literal["reopened", "resolved", "updated"] | None:
    """What a new status and new numbers are called; a row that stays resolved is history."""
    if row.status.state != status.state:
        return "resolved" if row.open else "reopened"
    return "updated" if row.open and (row.current, row.status) != (current, status) else None


def _commit(provenance: Provenance) -> str:
    """What was measured, as a short hash; what was not committed came after it."""
    if not provenance.commit:
        return "no commit"
    after = "after " if provenance.dirty else ""
    return after + provenance.commit[:_SHORT]
