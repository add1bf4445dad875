"""Which tests touch what changed: a selection for the inner loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from covernance.affected.changed_lines import edits, on_import
from covernance.affected.imports import Imports
from covernance.affected.workflow import python_files, suite_reach
from covernance.config import Suite, Table
from covernance.git import changes
from covernance.git.base import base_commit
from covernance.model.paths import is_below, is_test
from covernance.who import recording
from covernance.who.recording import Tested, TestedFile


class Selection(msgspec.Struct, frozen=True):
    """What to run of a suite.

    Attributes:
        suite: Its name.
        tests: Node ids, files and folders, none of them within another.
        notes: What could not be told, a sentence each.
    """

    suite: str
    tests: tuple[str, ...]
    notes: tuple[str, ...] = ()


def select(table: Table, ref: str | None, environ: Mapping[str, str]) -> list[Selection]:
    """Select of every suite the tests that touch what changed, and those that are new or edited.

    What changed is counted both since the change began and since who ran which line was recorded,
    so that neither an edit that was recorded nor one that was committed is missed. Of a suite that
    nothing was recorded of all tests are selected, where the change touches it at all.

    Args:
        table: The table; its folder must be the current one.
        ref: The branch or commit that the change is compared with; None for the usual one.
        environ: The environment, which names the target of a pull request.

    Raises:
        CovernanceError: git can't be read, imports can't be told, or what was kept is damaged.
    """
    base = base_commit(table, ref, environ)
    python = python_files(table.root)
    starts = [path for suite in table.suites for path in (*suite.source, *suite.tests)]
    imports = Imports(table.root, python, starts)
    diff = changes.changes(table.root, base)
    changed = {name for file in diff.files for name in (file.path, file.before) if name}
    selector = _Selector(table.root, base, imports, python)
    return [selector.select(suite, recording.load(table, suite), changed) for suite in table.suites]


class _Selector:
    """Selects in one repository, since one commit."""

    def __init__(self, root: Path, base: str, imports: Imports, python: frozenset[str]) -> None:
        self._root = root
        self._base = base
        self._imports = imports
        self._python = python

    def select(self, suite: Suite, kept: Tested | None, changed: set[str]) -> Selection:
        reach = suite_reach(suite, self._imports, self._python)
        own = (*suite.source, *suite.tests)
        if kept is None:
            if not any(path in reach or is_below(path, own) for path in changed):
                return Selection(suite.name, ())
            note = f"nothing is known of who runs which line; {recording.how(suite.name)} tells"
            return Selection(suite.name, _outermost(suite.tests), (note,))
        edited = {path for path in kept.paths if kept.is_edited(self._root, path)}
        found: set[str] = set()
        notes = []
        for path in sorted(changed | edited):
            if path in kept.snapshot.files:
                found |= self._of_source(kept, path)
            elif path in reach:
                found |= self._of_module(suite, path)
            elif is_below(path, own) and (self._root / path).is_file():
                notes.append(f"{path} changed, and no import tells who reads it")
        there = {test for test in found if (self._root / test.partition("::")[0]).exists()}
        return Selection(suite.name, _outermost(there), tuple(notes))

    def _of_source(self, kept: Tested, path: str) -> set[str]:
        """The tests that ran edited lines; all that ran the file where importing it is edited."""
        file = kept.file(path)
        before, now = changes.show(self._root, self._base, path), changes.current(self._root, path)
        if before is None or now is None:
            return _tests(kept, file, file.statements)
        found = [(edit.before, edit.after, now) for edit in edits(file.text, now)]
        found += [(edit.after, edit.before, before) for edit in edits(before, file.text)]
        lines: set[int] = set()
        for recorded, other, text in found:
            imported = file.imported.intersection(map(file.statement, recorded))
            if imported or on_import(text).intersection(other):
                return _tests(kept, file, file.statements)
            lines.update(file.at(recorded))
        return _tests(kept, file, lines)

    def _of_module(self, suite: Suite, path: str) -> set[str]:
        """The test files that are, or import, a file; of a conftest all that it is for."""
        name = PurePosixPath(path)
        if name.name == "conftest.py":
            inside = is_below(path, suite.tests)
            return {name.parent.as_posix()} if inside else set(suite.tests)
        tests = {test for test in self._python if is_test(test) and is_below(test, suite.tests)}
        return {test for test in tests if path in self._imports.closure([test])}


def _tests(kept: Tested, file: TestedFile, lines: Iterable[int]) -> set[str]:
    """Who ran lines; a test without its parameters, whose names may depend on what was edited."""
    nodes = {node for line in lines for _, node in file.ran(line)}
    if "" in nodes:
        return set(kept.suite.tests)
    return {node.partition("[")[0] for node in nodes}


def _outermost(tests: Iterable[str]) -> tuple[str, ...]:
    """Without those that lie within another."""
    chosen = set(tests)
    return tuple(sorted(test for test in chosen if not chosen.intersection(_around(test))))


def _around(test: str) -> set[str]:
    path, *names = test.split("::")
    nodes = {"::".join([path, *names[:count]]) for count in range(len(names))}
    return nodes | {folder.as_posix() for folder in PurePosixPath(path).parents}
