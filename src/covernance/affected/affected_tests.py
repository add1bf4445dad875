"""Select the tests that a change affects."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path, PurePosixPath

import msgspec

from covernance.affected.changed_lines import find_import_lines, list_edits
from covernance.affected.policy import path_reasons
from covernance.config import Suite
from covernance.context import Context
from covernance.git import changes
from covernance.git.base import find_base_commit
from covernance.git.listing import list_differences
from covernance.model.inputs import Difference, Inputs
from covernance.model.paths import is_below, is_test, list_folders_above
from covernance.model.text import join_some
from covernance.who import recording
from covernance.who.recording import Tested, TestedFile


class Selection(msgspec.Struct, frozen=True):
    """The affected tests of a suite.

    Attributes:
        suite: Its name.
        tests: Node ids, files and folders, none of them within another.
        notes: Why all tests are selected, and what is unknown, one sentence each.
    """

    suite: str
    tests: tuple[str, ...]
    notes: tuple[str, ...] = ()


def select(context: Context, ref: str | None) -> list[Selection]:
    """Select the tests that cover changed lines, plus new and edited tests.

    Changes are counted both since the base of the change and since the recording of the suite, so
    that neither recorded nor committed edits are missed. All tests of a suite are selected if
    anything else changed that its run depended on, or may have depended on.

    Args:
        context: The context; the table's folder must be the current one.
        ref: The branch or commit that the change is compared with; None for the default.

    Raises:
        CovernanceError: git can't be read, or a recording is damaged.
    """
    base = find_base_commit(context, ref)
    selector = _Selector(context.root, base, list_differences(context.root, base))
    return [
        selector.select(suite, recording.load(context.layout, suite))
        for suite in context.table.suites
    ]


class _Selector:
    """Selects tests of one repository for changes since one commit."""

    def __init__(self, root: Path, base: str, difference: Difference) -> None:
        self._root = root
        self._base = base
        self._difference = difference

    def select(self, suite: Suite, recorded_suite: Tested | None) -> Selection:
        if recorded_suite is None:
            return self._unrecorded(suite)
        edited = {
            path for path in recorded_suite.paths if recorded_suite.is_edited(self._root, path)
        }
        changed = self._difference.files | edited
        measured = changed.intersection(recorded_suite.snapshot.files)
        tests = {path for path in changed - measured if _is_test_of(suite, recorded_suite, path)}
        chosen = tests.union(*(self._of_source(recorded_suite, path) for path in measured))
        others = self._others(edited, measured | tests)
        reasons = _reasons(recorded_suite.snapshot.inputs, others)
        if reasons:
            chosen.update(suite.tests)
        notes = (*reasons, *_unknown(recorded_suite.snapshot.inputs, others))
        there = {test for test in chosen if (self._root / test.partition("::")[0]).exists()}
        return Selection(suite.name, _outermost(there), notes)

    def _unrecorded(self, suite: Suite) -> Selection:
        if not self._difference.files:
            return Selection(suite.name, ())
        command = recording.format_command(suite.name)
        note = f"no recording of which tests cover which lines; {command} records it"
        return Selection(suite.name, _outermost(suite.tests), (note,))

    def _others(self, edited: AbstractSet[str], explained: AbstractSet[str]) -> Difference:
        """The difference without measured sources and test files."""
        files = (self._difference.files | edited) - explained
        holding = files.union(*map(list_folders_above, files))
        return Difference(
            files=files,
            new=self._difference.new & holding,
            gone=self._difference.gone & holding,
            replaced=self._difference.replaced & holding,
        )

    def _of_source(self, recorded_suite: Tested, path: str) -> set[str]:
        """The tests that ran edited lines, or any line if import-time code is edited."""
        file = recorded_suite.file(path)
        before, now = (
            changes.read_committed_file(self._root, self._base, path),
            changes.read_working_file(self._root, path),
        )
        if before is None or now is None:
            return _tests(recorded_suite, file, file.statements)
        all_edits = [(edit.before, edit.after, now) for edit in list_edits(file.text, now)]
        all_edits += [(edit.after, edit.before, before) for edit in list_edits(before, file.text)]
        lines: set[int] = set()
        for recorded, other, text in all_edits:
            imported = file.imported.intersection(map(file.statement, recorded))
            if imported or find_import_lines(text).intersection(other):
                return _tests(recorded_suite, file, file.statements)
            lines.update(file.at(recorded))
        return _tests(recorded_suite, file, lines)


def _reasons(inputs: Inputs | None, others: Difference) -> tuple[str, ...]:
    """Why changes of other files select all tests of a suite."""
    if inputs is not None:
        return path_reasons(inputs, others)
    if not others.files:
        return ()
    return (f"{min(others.files)} changed: whether its tests depend on that is unknown",)


def _unknown(inputs: Inputs | None, others: Difference) -> tuple[str, ...]:
    """Why a selection by paths may be incomplete."""
    if inputs is None or not inputs.programs or not others.files:
        return ()
    started = join_some(inputs.programs)
    return (f"its tests start {started}; what it reads is unknown",)


def _is_test_of(suite: Suite, recorded_suite: Tested, path: str) -> bool:
    """Whether a file contains tests of a suite, according to the recording or its name."""
    ran = {node.partition("::")[0] for node in recorded_suite.snapshot.tests}
    return path in ran or (is_test(path) and is_below(path, suite.tests))


def _tests(recorded_suite: Tested, file: TestedFile, lines: Iterable[int]) -> set[str]:
    """The tests that ran lines, without parameters, since an edit may rename these."""
    nodes = {node for line in lines for _, node in file.ran(line)}
    if "" in nodes:
        return set(recorded_suite.suite.tests)
    return {node.partition("[")[0] for node in nodes}


def _outermost(tests: Iterable[str]) -> tuple[str, ...]:
    """Remove tests that are part of another one."""
    chosen = set(tests)
    return tuple(sorted(test for test in chosen if not chosen.intersection(_around(test))))


def _around(test: str) -> set[str]:
    path, *names = test.split("::")
    nodes = {"::".join([path, *names[:count]]) for count in range(len(names))}
    return nodes | {folder.as_posix() for folder in PurePosixPath(path).parents}
