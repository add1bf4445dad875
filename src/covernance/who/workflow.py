"""Find the tests that cover lines, from the last run with one context per test."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from covernance.config import Table
from covernance.context import Context
from covernance.errors import InputError
from covernance.git import changes
from covernance.model import lines
from covernance.model.python_source import split_source
from covernance.who import recording
from covernance.who.recording import Tested, TestedFile
from covernance.who.render import Answer, Ran

_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<first>[1-9]\d*)(?:-(?P<last>[1-9]\d*))?)?", re.DOTALL)


class Place(msgspec.Struct, frozen=True):
    """A file, relative to the root, and the requested lines; None for all."""

    path: str
    lines: range | None = None

    @property
    def asked(self) -> str:
        """The requested lines as text."""
        return lines.encode(self.lines) if self.lines else ""


def parse(texts: Sequence[str], root: Path, folder: Path) -> list[Place]:
    """Parse `FILE`, `FILE:LINE` and `FILE:FIRST-LAST`; `folder` is the current folder.

    Raises:
        InputError: The last line is before the first.
    """
    return [_parse(text, root, folder) for text in texts]


def find_tests(context: Context, places: Iterable[Place]) -> list[Answer]:
    """Find the tests of each place.

    Raises:
        InputError: A place is not part of any suite, or the recording of its suite is missing or
            lacks the file.
    """
    table = context.table
    recorded = {suite.name: recording.load(context.layout, suite) for suite in table.suites}
    return [_answer(table, _of(table, recorded, place), place) for place in places]


def match_lines(then: str, now: str) -> dict[int, int]:
    """For each line of `now` that `then` has in the same order, its number there."""
    before, after = split_source(then), split_source(now)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    return {
        block.b + offset + 1: block.a + offset + 1
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }


def _parse(text: str, root: Path, folder: Path) -> Place:
    match = _PLACE.fullmatch(text)
    if match is None or not match["first"]:
        return Place(_relative(text, root, folder))
    first, last = int(match["first"]), int(match["last"] or match["first"])
    if last < first:
        msg = f"{text}: the last line is before the first"
        raise InputError(msg)
    return Place(_relative(match["path"], root, folder), range(first, last + 1))


def _relative(path: str, root: Path, folder: Path) -> str:
    for base in (folder, root):
        resolved = (base / path).resolve()
        if resolved.exists() and resolved.is_relative_to(root):
            return resolved.relative_to(root).as_posix()
    return Path(path).as_posix()


def _of(table: Table, recorded: dict[str, Tested | None], place: Place) -> Tested:
    for tested in recorded.values():
        if tested and place.path in tested.snapshot.files:
            return tested
    for suite in table.suites:
        if not any(Path(place.path).is_relative_to(source) for source in suite.source):
            continue
        if not (table.root / place.path).is_file():
            continue
        if recorded[suite.name] is None:
            msg = f"{place.path}: no recording of the tests of suite {suite.name}; "
            msg += f"run {recording.format_command(suite.name)} first"
            raise InputError(msg)
        msg = (
            f"{place.path}: the last recording of {suite.name} did not measure it; it is newer or "
        )
        msg += f"omitted; run {recording.format_command(suite.name)} again"
        raise InputError(msg)
    near = difflib.get_close_matches(place.path, sorted(_measured(table, recorded)), n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    msg = f"{place.path} is not part of any suite{hint}; give FILE, FILE:LINE or FILE:10-20"
    raise InputError(msg)


def _measured(table: Table, recorded: dict[str, Tested | None]) -> set[str]:
    known = {path for tested in recorded.values() if tested for path in tested.snapshot.files}
    sources = [table.root / source for suite in table.suites for source in suite.source]
    return known | {
        path.relative_to(table.root).as_posix()
        for source in sources
        for path in recording.list_python_files([source])
    }


def _answer(table: Table, recorded: Tested, place: Place) -> Answer:
    file = recorded.file(place.path)
    now = changes.read_working_file(table.root, place.path)
    numbers = match_lines(file.text, file.text if now is None else now)
    length = len(split_source(file.text if now is None else now))
    if place.lines and place.lines[-1] > length:
        msg = f"{place.path}:{place.asked}: the file has {length} lines"
        raise InputError(msg)
    asked = place.lines or range(1, length + 1)
    sorted_out = _SortedOut(file, {line: numbers[line] for line in asked if line in numbers})
    ran = tuple(
        msgspec.structs.replace(ran_by, set_up=ran_by.test not in recorded.snapshot.tests)
        for ran_by in sorted_out.ran
    )
    source = recorded.snapshot.provenance
    tests = {ran_by.test.partition("::")[0] for ran_by in ran}
    return Answer(
        path=place.path,
        asked=place.asked,
        suite=recorded.suite.name,
        commit=source.commit,
        dirty=source.dirty,
        recorded_at=source.recorded_at,
        stale=tuple(
            path for path in (place.path, *sorted(tests)) if recorded.is_edited(table.root, path)
        ),
        ran=ran,
        imported=lines.encode(sorted_out.imported),
        never=lines.encode(sorted_out.never),
        without_statement=lines.encode(sorted_out.without_statement),
        edited=lines.encode(set(asked) - numbers.keys()),
        again=recording.format_command(recorded.suite.name),
    )


class _SortedOut:
    """Lines, with current numbers, classified by how they ran."""

    def __init__(self, file: TestedFile, numbers: dict[int, int]) -> None:
        self.imported: set[int] = set()
        self.never: set[int] = set()
        self.without_statement: set[int] = set()
        themes: dict[str, set[str]] = {}
        where: dict[str, set[int]] = {}
        for line, then in numbers.items():
            statement = file.statement(then)
            ran = file.ran(then)
            if statement not in file.statements:
                self.without_statement.add(line)
            elif statement in file.never:
                self.never.add(line)
            elif not ran:
                self.imported.add(line)
            else:
                for theme, test in ran:
                    themes.setdefault(test, set()).add(theme)
                    where.setdefault(test, set()).add(line)
        self.ran = tuple(
            Ran(test, tuple(sorted(themes[test])), lines.encode(where[test]))
            for test in sorted(where)
        )
