"""Compare the tests of a suite: those that results ran, and those that changed files define."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

from covernance.git import changes
from covernance.git.changes import Changes
from covernance.integrity import inventory
from covernance.integrity.effect_changes import compare_effects
from covernance.integrity.exclusions import Texts, read_both
from covernance.integrity.findings import Finding, compare_sizes, compare_tests
from covernance.model.paths import is_below
from covernance.model.snapshot import Snapshot


def compare_results(
    old: Snapshot,
    new: Snapshot,
    since: Changes,
    root: Path,
    themes: set[str],
    base: str,
) -> Iterator[Finding]:
    """Compare the results of a suite, and the tests that they ran.

    Args:
        old: The result of the base, or of a commit before it.
        new: The current result.
        since: What changed since the commit of the old result.
        root: The folder of the table.
        themes: The themes of both.
        base: The commit that the change is based on.

    Raises:
        MachineError: git is missing or failed, or a file can't be read.
    """
    yield from compare_effects(old, new, since.names_before)
    was, now = inventory.list_run_tests(old), inventory.list_run_tests(new)
    if old.provenance.commit:
        committed = partial(changes.read_committed_file, root, old.provenance.commit)
        former = {file.before for file in since.files}
        was = inventory.add_bodies(was, _read_files(was, former, committed))
        if since.base != base:
            was = _without_earlier_removals(
                was, now, partial(changes.read_committed_file, root, base)
            )
        working = partial(changes.read_working_file, root)
        now = inventory.add_bodies(now, _read_files(now, since.paths, working))
    yield from compare_tests(was, now, themes, inventory.explain_absences(new))
    yield from compare_sizes(new.suite, was, now)


def _without_earlier_removals(
    was: inventory.Inventory, now: inventory.Inventory, base: Texts
) -> inventory.Inventory:
    """Leave out tests of an earlier result that the base itself does not define any more.

    What the change removes of the base's own tests is found in the texts.
    """
    missing = {name for name in was if name not in now and was[name].checks is not None}
    paths = {name.partition("::")[0] for name in missing}
    defined = inventory.list_source_tests(_read_files(missing, paths, base))
    return {name: test for name, test in was.items() if name not in missing or name in defined}


def _read_files(
    tests: Iterable[str], edited: Collection[str | None], texts: Texts
) -> dict[str, str]:
    """Read those of the edited files that define some tests; a missing one is empty."""
    paths = {test.partition("::")[0] for test in tests}
    return {path: texts(path) or "" for path in sorted(paths.intersection(edited))}


def list_defined_tests(
    diff: Changes, before: Texts, after: Texts, tests: set[str]
) -> tuple[inventory.Inventory, inventory.Inventory]:
    """List the tests that the changed files below `tests` define: in the base, and now."""
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    for file in diff.files:
        names = [name for name in (file.before, file.path) if name and name.endswith(".py")]
        if any(is_below(name, tests) for name in names):
            texts = read_both(file, before, after)
            old |= {file.before: texts[0]} if file.before else {}
            new |= {file.path: texts[1]} if file.path else {}
    return inventory.list_source_tests(old), inventory.list_source_tests(new)
