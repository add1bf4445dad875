"""Which suites a change touches, and for which others an earlier result may stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import covernance
from covernance.affected.imports import Imports
from covernance.affected.policy import Known, Reach, touched
from covernance.config import Suite, Table
from covernance.git import changes
from covernance.git.ancestors import list_ancestors
from covernance.git.base import base_commit
from covernance.git.changes import FileChange
from covernance.git.runner import Git
from covernance.history.store import Listed
from covernance.layout import Layout
from covernance.matrix import carry_forward
from covernance.matrix.jobs import Decision
from covernance.model.paths import is_below
from covernance.reuse import evidence

_ASKED = ("pull_request", "pull_request_target")
"""The events of GitHub on which a suite may be left out; on every other all are run."""


def decide(
    table: Table, history: Listed, ref: str | None, environ: Mapping[str, str], now: datetime
) -> dict[str, Decision]:
    """Decide of every suite whether it is run.

    A suite is left out where nothing that its tests may execute or read changed since the nearest
    result before the change, and that result may stand for it.

    Args:
        table: The table; its folder must be the current one.
        history: Where earlier results are kept.
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
    base = base_commit(table, ref, environ)
    ancestors = list_ancestors(table.root, base)
    python = python_files(table.root)
    imports = Imports(
        table.root,
        python,
        [path for suite in table.suites for path in (*suite.source, *suite.tests)],
    )

    @cache
    def why(commit: str) -> dict[str, tuple[str, ...]]:
        files = (
            *changes.changes(table.root, commit).files,
            *changes.changed_submodules(table.root, commit),
        )
        return _touched(table, imports, python, files)

    decisions = {}
    for suite in table.suites:
        found = carry_forward.find(table, suite, history, ancestors, now)
        if isinstance(found, carry_forward.Refused):
            decisions[suite.name] = Decision((found.reason, *why(base)[suite.name]))
        elif reasons := why(found.commit)[suite.name]:
            decisions[suite.name] = Decision(reasons)
        else:
            reason = f"nothing that it reaches changed since {found.commit[:12]}"
            decisions[suite.name] = Decision((reason,), found)
    return decisions


def suite_reach(suite: Suite, imports: Imports, python: frozenset[str]) -> frozenset[str]:
    """The Python files that the tests of a suite may execute by importing, its own among them."""
    own = {path for path in python if is_below(path, (*suite.source, *suite.tests))}
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
        executed = suite_reach(suite, imports, python)
        reaches[suite.name] = Reach(
            source=suite.source,
            tests=suite.tests,
            files=executed,
            mentioned=_mentioned(table.root, executed, other),
            recorded=_recorded(table.root, suite),
        )
    known = Known(
        importable=imports.known, layer=_layer(table.root), register=table.exceptions.register
    )
    return touched(files, reaches, known)


def _recorded(root: Path, suite: Suite) -> frozenset[str]:
    """What the last green run here read or asked for; nothing where it left no evidence."""
    kept = evidence.read(Layout(root).evidence(suite.name))
    seen = kept.seen if kept else evidence.Seen()
    return frozenset({*seen.read, *seen.examined, *seen.asked})


def _mentioned(root: Path, executed: frozenset[str], paths: set[str]) -> frozenset[str]:
    if not paths:
        return frozenset()
    texts = [(root / path).read_text(encoding="utf-8", errors="replace") for path in executed]
    named = {path: (Path(path).name, f"*{Path(path).suffix}") for path in paths}
    return frozenset(
        path
        for path, names in named.items()
        if any(name in text for name in names for text in texts)
    )


def _layer(root: Path) -> str | None:
    """The folder of the layer, where the repository holds the one that is running."""
    folder = Path(covernance.__file__).resolve().parent
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else None


def python_files(root: Path) -> frozenset[str]:
    """The Python files of the repository, ignored ones left out.

    Raises:
        MachineError: git is missing or refuses.
    """
    listed = Git(root).fields(
        *("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.py")
    )
    return frozenset(name for name in listed if (root / name).is_file())
