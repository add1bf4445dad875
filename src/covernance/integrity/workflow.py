"""Find the ways in which a change weakens tests, floors or settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from covernance.agent.client import Agent
from covernance.config import Suite
from covernance.config.pyproject import parse_table
from covernance.context import Context
from covernance.errors import Exit
from covernance.exceptions import waivers
from covernance.exceptions.workflow import (
    is_source,
    read_committed_register,
    read_rows,
    review_dates,
)
from covernance.freshness import Unusable, require_current
from covernance.git import changes
from covernance.git.changes import Changes, FileChange
from covernance.git.listing import list_differences, list_submodules
from covernance.history.store import Store
from covernance.integrity.base_results import (
    BaseResult,
    find_stored_results,
    read_given_results,
)
from covernance.integrity.ci_files import Versions, compare_ci_files, may_be_ci_file
from covernance.integrity.effect_changes import (
    find_moved_sources,
    find_new_submodules,
)
from covernance.integrity.exclusions import Texts, compare_exclusions, read_both
from covernance.integrity.findings import (
    Allowances,
    Finding,
    JudgedFinding,
    compare_tests,
    judge_findings,
)
from covernance.integrity.owner_changes import find_owner_changes
from covernance.integrity.pytest_settings import find_weaker_settings, read_pytest_settings
from covernance.integrity.register_changes import compare_registers
from covernance.integrity.suite_changes import compare_results, list_defined_tests
from covernance.integrity.table_changes import check_comparable, compare_tables
from covernance.integrity.table_move import find_table_move
from covernance.model.snapshot import Snapshot
from covernance.model.verdict import Waiver
from covernance.results import read_results

_PYPROJECT = "pyproject.toml"


class ComparedSuite(msgspec.Struct, frozen=True):
    """What a suite was compared with.

    Attributes:
        suite: Its name.
        commit: The commit whose result was compared; None if only sources were, for lack of one.
        recorded_at: When that result was measured.
        behind: How many commits it is before the base; None if it was given as a file.
    """

    suite: str
    commit: str | None = None
    recorded_at: str | None = None
    behind: int | None = None


class IntegrityReport(msgspec.Struct, frozen=True):
    """The weakenings by a change since `base`, a commit, and which of them are allowed.

    Attributes:
        base: The commit; None if there is none, so that nothing can be weaker than before.
        findings: The weakenings.
        unusable: Suites whose runs could not be compared.
        compared: What each suite that the base has was compared with.
    """

    base: str | None
    findings: tuple[JudgedFinding, ...]
    unusable: tuple[Unusable, ...] = ()
    compared: tuple[ComparedSuite, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code: a finding that is not allowed fails, and so does an unusable result."""
        blocked = self.unusable or any(judged.allowed_by is None for judged in self.findings)
        return Exit.GATE if blocked else Exit.PASS


def find_waived_subjects(context: Context, base: str) -> tuple[Waiver, ...]:
    """The files that rows of the exception register waive today, by rows that `base` has too.

    A row that the change itself adds, or makes valid, is not one of them.

    Raises:
        CovernanceError: The register or the table of the base can't be read, or is damaged.
    """
    old_table = _parse_table(
        lambda name: changes.read_committed_file(context.root, base, name),
        f"{_PYPROJECT} at {base}",
    )
    committed = read_committed_register(context, base, old_table)
    rows = [row for row in read_rows(context.table) if is_source(context, row)]
    found = []
    for suite in context.table.suites:
        old = waivers.find_waived(committed.rows, suite.name, committed.dates)
        waived = waivers.find_waived(rows, suite.name, review_dates(context))
        found += [waiver for waiver in waived if waiver.path in {entry.path for entry in old}]
    return tuple(found)


def find_weakenings(
    context: Context,
    base: str,
    allowances: Allowances,
    agent: Agent,
    *,
    given: Sequence[Path] = (),
    store: Store | None = None,
) -> IntegrityReport:
    """Find what the work tree weakens since `base`.

    A suite whose result in the base is known is compared by what decided that result and what came
    of it. Other suites are compared by the tests that their changed files define.

    Args:
        context: The context; the table's folder must be the current one.
        base: A commit.
        allowances: What labels and the exception register allow.
        agent: Reads coverage.py's settings, if they or a source changed.
        given: Files with results of the base.
        store: The history, for the results of other suites; None to read none.

    Raises:
        CovernanceError: A file can't be read or parsed, or git or the history fails.
    """
    table, root = context.table, context.root
    before = partial(changes.read_committed_file, root, base)
    after = partial(changes.read_working_file, root)
    tree = changes.WorkTree(root)
    diff = tree.since(base)
    old_table = _parse_table(before, f"{_PYPROJECT} at {base}")
    new_table = _parse_table(after, _PYPROJECT)
    old_sources, sources = (_list_paths(each, "source") for each in (old_table, new_table))
    everywhere = list_differences(root, base).files
    findings = {
        *compare_tables(old_table, new_table),
        *find_table_move(everywhere, before, after),
        *_compare_registers(context, base, old_table),
        *find_owner_changes(context, diff, before, after),
        *(compare_ci_files(_ci_versions(everywhere, diff, before, after)) if old_table else ()),
        *find_weaker_settings(
            read_pytest_settings(before, f" at {base}"), read_pytest_settings(after, "")
        ),
        *compare_exclusions(before, after, diff, old_sources | sources, agent, context.environ),
        *find_moved_sources(diff.names_before, old_sources, sources),
        *find_new_submodules(list_submodules(root, base), list_submodules(root), sources),
    }
    results = read_results(context)
    base_results = read_given_results(context, base, given)
    if store:
        others = [name for name in results if name not in base_results]
        base_results |= find_stored_results(root, store, base, others)
    themes = {*old_table.get("themes", ()), *table.themes}
    unusable: list[Unusable] = []
    compared: list[ComparedSuite] = []
    for suite in table.suites:
        old = base_results.get(suite.name)
        new = require_current(suite, results[suite.name]) if old else None
        if isinstance(new, Unusable):
            unusable.append(new)
        if old and isinstance(new, Snapshot):
            since = tree.since(old.result.provenance.commit or base) if old.behind else diff
            findings.update(compare_results(old.result, new, since, root, themes, base))
        if old is None or old.behind or not isinstance(new, Snapshot):
            paths = {*_list_suite_paths(old_table, suite.name, "tests"), *suite.tests}
            tests = list_defined_tests(diff, before, after, paths)
            known = {(finding.kind, finding.where) for finding in findings}
            findings.update(
                finding
                for finding in compare_tests(*tests, themes)
                if (finding.kind, finding.where) not in known
            )
        if suite.name in old_table.get("suites", {}):
            compared.append(_describe(suite, old))
    return IntegrityReport(
        base, judge_findings(findings, allowances), tuple(unusable), tuple(compared)
    )


def _ci_versions(
    everywhere: Iterable[str], diff: Changes, before: Texts, after: Texts
) -> Iterator[Versions]:
    """Read the changed CI files of the whole repository, which may begin above the root."""
    outside = (name for name in everywhere if name.startswith(".."))
    files = [*diff.files, *(FileChange(path=name, before=name) for name in sorted(outside))]
    for file in files:
        name = file.path or file.before or ""
        if may_be_ci_file(name):
            yield name, *read_both(file, before, after)


def _compare_registers(
    context: Context, base: str, old_table: Mapping[str, Any]
) -> Iterator[Finding]:
    """Compare the rows of the exception register; the rows of a first table are not new."""
    if old_table:
        old = read_committed_register(context, base, old_table).rows
        register = context.table.exceptions.register
        yield from compare_registers(old, read_rows(context.table), register, review_dates(context))


def _describe(suite: Suite, old: BaseResult | None) -> ComparedSuite:
    if old is None:
        return ComparedSuite(suite.name)
    source = old.result.provenance
    return ComparedSuite(suite.name, source.commit, source.recorded_at, old.behind)


def _parse_table(texts: Texts, where: str) -> Mapping[str, Any]:
    """The table in a version of pyproject.toml; empty if there is none yet."""
    table = parse_table(texts(_PYPROJECT) or "", where)
    check_comparable(table, where)
    return table


def _list_paths(table: Mapping[str, Any], key: str) -> set[str]:
    """List the paths of a key of all suites."""
    suites = table.get("suites", {})
    return {path for suite in suites for path in _list_suite_paths(table, suite, key)}


def _list_suite_paths(table: Mapping[str, Any], suite: str, key: str) -> Sequence[str]:
    paths: Sequence[str] = table.get("suites", {}).get(suite, {}).get(key, ())
    return paths
