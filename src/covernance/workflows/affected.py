"""Which suites a change touches, and for which others an earlier result may stand."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import covernance
from covernance.config import Suite, Table
from covernance.errors import MachineError
from covernance.history.store import Store
from covernance.measure import changes as git
from covernance.measure.changes import FileChange
from covernance.measure.imports import Imports
from covernance.policy.affected import Known, Reach, touched
from covernance.workflows import carried, changes, guard
from covernance.workflows.matrix import Decision

_ASKED = ("pull_request", "pull_request_target")
"""The events of GitHub on which a suite may be left out; on every other all are run."""


def decide(
    table: Table, store: Store, ref: str | None, environ: Mapping[str, str], now: datetime
) -> dict[str, Decision]:
    """Decide of every suite whether it is run.

    A suite is left out where nothing that its tests may execute or read changed since the nearest
    result before the change, and that result may stand for it.

    Args:
        table: The table; its folder must be the current one.
        store: Where earlier results are kept.
        ref: The branch or commit that the change is compared with; None for the usual one.
        environ: The environment, which tells what CI runs for.
        now: The present.

    Raises:
        CovernanceError: git or the store can't be read, or imports can't be told.
    """
    event = environ.get("GITHUB_EVENT_NAME")
    if event and event not in _ASKED:
        reason = f"everything runs on {environ.get('GITHUB_REF', event)} ({event})"
        return {suite.name: Decision((reason,)) for suite in table.suites}
    base = changes.base(table, ref, environ)
    ancestors = guard.ancestors(table.root, base)
    python = python_files(table.root)
    imports = Imports(
        table.root,
        python,
        [path for suite in table.suites for path in (*suite.source, *suite.tests)],
    )

    @cache
    def why(commit: str) -> dict[str, tuple[str, ...]]:
        return _touched(table, imports, python, git.changes(table.root, commit).files)

    decisions = {}
    for suite in table.suites:
        found = carried.find(table, suite, store, ancestors, now)
        if isinstance(found, carried.Refused):
            decisions[suite.name] = Decision((found.reason, *why(base)[suite.name]))
        elif reasons := why(found.commit)[suite.name]:
            decisions[suite.name] = Decision(reasons)
        else:
            reason = f"nothing that it reaches changed since {found.commit[:12]}"
            decisions[suite.name] = Decision((reason,), found)
    return decisions


def reach(suite: Suite, imports: Imports, python: frozenset[str]) -> frozenset[str]:
    """The Python files that the tests of a suite may execute by importing, its own among them."""
    own = {path for path in python if _is_below(path, (*suite.source, *suite.tests))}
    around = {
        conftest
        for path in suite.tests
        for folder in Path(path).parents
        if (conftest := (folder / "conftest.py").as_posix()) in python
    }
    return imports.closure(own | around)


def _touched(
    table: Table, imports: Imports, python: frozenset[str], files: tuple[FileChange, ...]
) -> dict[str, tuple[str, ...]]:
    other = {
        name
        for file in files
        for name in (file.path, file.before)
        if name and not name.endswith(".py")
    }
    reaches = {}
    for suite in table.suites:
        executed = reach(suite, imports, python)
        reaches[suite.name] = Reach(
            source=suite.source,
            tests=suite.tests,
            files=executed,
            mentioned=_mentioned(table.root, executed, other),
        )
    known = Known(
        importable=imports.known, layer=_layer(table.root), register=table.exceptions.register
    )
    return touched(files, reaches, known)


def _mentioned(root: Path, executed: frozenset[str], paths: set[str]) -> frozenset[str]:
    if not paths:
        return frozenset()
    texts = [(root / path).read_text(encoding="utf-8", errors="replace") for path in executed]
    return frozenset(path for path in paths if any(Path(path).name in text for text in texts))


def _layer(root: Path) -> str | None:
    """The folder of the layer, where the repository holds the one that is running."""
    folder = Path(covernance.__file__).resolve().parent
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else None


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    return any(Path(path).is_relative_to(folder) for folder in folders)


def python_files(root: Path) -> frozenset[str]:
    """The Python files of the repository, ignored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py"],  # noqa: S607 - git from the user's PATH
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        msg = f"git ls-files: {listed.stderr.decode(errors='replace').strip()}"
        raise MachineError(msg)
    names = listed.stdout.decode(errors="surrogateescape").split("\0")
    return frozenset(name for name in names if name and (root / name).is_file())
