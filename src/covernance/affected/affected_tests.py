"""The tests that a change affects: a selection for the inner loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath

import msgspec

from covernance.affected.changed_lines import edits, on_import
from covernance.affected.policy import path_reasons
from covernance.config import Suite, Table
from covernance.git import changes
from covernance.git.base import find_base_commit
from covernance.git.listing import list_differences
from covernance.model.inputs import Difference, Inputs
from covernance.model.paths import is_below, is_test, list_folders_above
from covernance.who import recording
from covernance.who.recording import Tested, TestedFile


class Selection(msgspec.Struct, frozen=True):
    """What to run of a suite.

    Attributes:
        suite: Its name.
        tests: Node ids, files and folders, none of them within another.
        notes: Why all tests of the suite are selected, and what is unknown, a sentence each.
    """

    suite: str
    tests: tuple[str, ...]
    notes: tuple[str, ...] = ()


def select(table: Table, ref: str | None, environ: Mapping[str, str]) -> list[Selection]:
    """Select of every suite the tests that ran changed lines, and those that are new or edited.

    What changed is counted both since the change began and since the suite's tests were recorded,
    so that neither an edit that was recorded nor one that was committed is missed. All tests of a
    suite are selected if something else changed that its run depended on, or may have.

    Args:
        table: The table; its folder must be the current one.
        ref: The branch or commit that the change is compared with; None for the usual one.
        environ: The environment, which names the target of a pull request.

    Raises:
        CovernanceError: git can't be read, or what was recorded is damaged.
    """
    base = find_base_commit(table, ref, environ)
    selector = _Selector(table.root, base, list_differences(table.root, base))
    return [selector.select(suite, recording.load(table, suite)) for suite in table.suites]


class _Selector:
    """Selects in one repository, since one commit."""

    def __init__(self, root: Path, base: str, difference: Difference) -> None:
        self._root = root
        self._base = base
        self._difference = difference

    def select(self, suite: Suite, kept: Tested | None) -> Selection:
        if kept is None:
            return self._unrecorded(suite)
        edited = {path for path in kept.paths if kept.is_edited(self._root, path)}
        changed = self._difference.files | edited
        measured = changed.intersection(kept.snapshot.files)
        tests = {path for path in changed - measured if _is_test_of(suite, kept, path)}
        chosen = tests.union(*(self._of_source(kept, path) for path in measured))
        others = self._others(edited, measured | tests)
        reasons = _reasons(kept.snapshot.inputs, others)
        if reasons:
            chosen.update(suite.tests)
        notes = (*reasons, *_unknown(kept.snapshot.inputs, others))
        there = {test for test in chosen if (self._root / test.partition("::")[0]).exists()}
        return Selection(suite.name, _outermost(there), notes)

    def _unrecorded(self, suite: Suite) -> Selection:
        if not self._difference.files:
            return Selection(suite.name, ())
        note = f"nothing is known of who runs which line; {recording.how(suite.name)} records it"
        return Selection(suite.name, _outermost(suite.tests), (note,))

    def _others(self, edited: AbstractSet[str], explained: AbstractSet[str]) -> Difference:
        """What differs apart from measured sources and files of tests."""
        files = (self._difference.files | edited) - explained
        holding = files.union(*map(list_folders_above, files))
        return Difference(
            files=files,
            new=self._difference.new & holding,
            gone=self._difference.gone & holding,
            replaced=self._difference.replaced & holding,
        )

    def _of_source(self, kept: Tested, path: str) -> set[str]:
        """The tests that ran edited lines; all that ran the file where importing it is edited."""
        file = kept.file(path)
        before, now = (
            changes.read_committed_file(self._root, self._base, path),
            changes.read_working_file(self._root, path),
        )
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


def _reasons(inputs: Inputs | None, others: Difference) -> tuple[str, ...]:
    """Why changes of other files than sources and tests select all tests of a suite."""
    if inputs is not None:
        return path_reasons(inputs, others)
    if not others.files:
        return ()
    return (f"{min(others.files)} changed: whether its tests depend on that is unknown",)


def _unknown(inputs: Inputs | None, others: Difference) -> tuple[str, ...]:
    """What makes a selection by paths incomplete."""
    if inputs is None or not inputs.programs or not others.files:
        return ()
    started = ", ".join(inputs.programs)
    return (f"what else {started} reads, which its tests start, is unknown",)


def _is_test_of(suite: Suite, kept: Tested, path: str) -> bool:
    """Whether a file holds tests of a suite, by what ran or by its name."""
    ran = {node.partition("::")[0] for node in kept.snapshot.tests}
    return path in ran or (is_test(path) and is_below(path, suite.tests))


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
