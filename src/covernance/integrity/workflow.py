"""Find the ways in which a change weakens tests, floors or settings."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from covernance.agent.client import Agent
from covernance.agent.sources import (
    RCFILE,
    Excluded,
    ReadExcluded,
    ReadSettings,
    find_settings_files,
)
from covernance.context import Context
from covernance.errors import ConfigError, Exit
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
from covernance.git.listing import list_differences
from covernance.integrity import inventory
from covernance.integrity.base_results import read_base_results
from covernance.integrity.ci_files import Versions, compare_ci_files, may_be_ci_file
from covernance.integrity.findings import (
    Allowances,
    Finding,
    JudgedFinding,
    excluded_findings,
    judge_findings,
    plugin_findings,
    pragma_findings,
    settings_findings,
    size_findings,
    test_findings,
)
from covernance.integrity.pragmas import Pragmas, find_pragmas
from covernance.integrity.pytest_selection import find_narrowed_selections, read_pytest_settings
from covernance.integrity.register_changes import compare_registers
from covernance.integrity.table_changes import check_comparable, compare_tables
from covernance.model.effects import CoverageSettings
from covernance.model.paths import is_below
from covernance.model.verdict import Waiver
from covernance.results import read_results

_PYPROJECT = "pyproject.toml"

Texts = Callable[[str], str | None]
"""The text of a file by its name, or None if there is no such file."""


class IntegrityReport(msgspec.Struct, frozen=True):
    """The weakenings by a change since `base`, a commit, and which of them are allowed.

    Attributes:
        base: The commit; None if there is none, so that nothing can be weaker than before.
        findings: The weakenings.
        unusable: Suites whose runs could not be compared.
    """

    base: str | None
    findings: tuple[JudgedFinding, ...]
    unusable: tuple[Unusable, ...] = ()

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
    old_table = _parsed(
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
    base_snapshots: Sequence[Path] = (),
) -> IntegrityReport:
    """Find what the work tree weakens since `base`.

    Args:
        context: The context; the table's folder must be the current one.
        base: A commit.
        allowances: What labels and the exception register allow.
        agent: Reads coverage.py's settings, if they or a source changed.
        base_snapshots: Results of the base. Suites with one are compared test by test with their
            last full run; other suites by the tests that their changed files define.

    Raises:
        CovernanceError: A file can't be read or parsed, or git fails.
    """
    table = context.table

    def before(name: str) -> str | None:
        return changes.read_committed_file(table.root, base, name)

    def after(name: str) -> str | None:
        return changes.read_working_file(table.root, name)

    tree = changes.WorkTree(table.root)
    diff = tree.since(base)
    old_table, new_table = (
        _parsed(before, f"{_PYPROJECT} at {base}"),
        _parsed(after, _PYPROJECT),
    )
    sources = _changed_python(diff, _all(old_table, new_table, "source"))
    findings = [
        *compare_tables(old_table, new_table),
        *_register_findings(context, base, old_table),
        *(compare_ci_files(_ci_versions(table.root, diff, before, after)) if old_table else ()),
        *find_narrowed_selections(
            read_pytest_settings(before, f" at {base}"), read_pytest_settings(after, "")
        ),
        *_coverage_findings(before, after, diff, sources, agent, context.environ),
    ]
    measured = read_base_results(context, base, base_snapshots)
    results = read_results(context) if measured else {}
    themes = {*old_table.get("themes", ()), *table.themes}
    unusable: list[Unusable] = []
    for suite in table.suites:
        if (old := measured.get(suite.name)) is None:
            paths = {*_paths(old_table, suite.name, "tests"), *suite.tests}
            tests = _defined(diff, before, after, paths)
            findings += test_findings(*tests, themes)
            continue
        new = require_current(suite, results[suite.name])
        if isinstance(new, Unusable):
            unusable.append(new)
        else:
            tests = inventory.list_run_tests(old), inventory.list_run_tests(new)
            findings += test_findings(*tests, themes)
            findings += size_findings(suite.name, *tests)
    return IntegrityReport(base, judge_findings(findings, allowances), tuple(unusable))


def _ci_versions(root: Path, diff: Changes, before: Texts, after: Texts) -> Iterator[Versions]:
    """Read the changed CI files of the whole repository, which may begin above the root."""
    outside = (name for name in list_differences(root, diff.base).files if name.startswith(".."))
    files = [*diff.files, *(FileChange(path=name, before=name) for name in sorted(outside))]
    for file in files:
        name = file.path or file.before or ""
        if may_be_ci_file(name):
            yield name, *_both(file, before, after)


def _register_findings(
    context: Context, base: str, old_table: Mapping[str, Any]
) -> Iterator[Finding]:
    """Compare the rows of the exception register; the rows of a first table are not new."""
    if old_table:
        old = read_committed_register(context, base, old_table).rows
        register = context.table.exceptions.register
        yield from compare_registers(old, read_rows(context.table), register, review_dates(context))


def _coverage_findings(
    before: Texts,
    after: Texts,
    diff: Changes,
    sources: Sequence[FileChange],
    agent: Agent,
    environ: Mapping[str, str],
) -> Iterator[Finding]:
    """Compare coverage.py's settings and what comments exclude according to them.

    The file that `COVERAGE_RCFILE` names may be new: the usual files were used before.

    Raises:
        ConfigError: It does not exist.
    """
    old, new = find_settings_files(before, environ), find_settings_files(after, environ)
    if (named := environ.get(RCFILE)) and not new.named:
        msg = f"{RCFILE}={named}: there is no such file; correct the name, or unset the variable"
        raise ConfigError(msg)
    edited = {path for file in diff.files for path in (file.before, file.path) if path}
    if old == new and not any(path.endswith(".py") for path in edited):
        return
    asked = [ReadSettings(old), ReadSettings()] if old != new else [ReadSettings()]
    read: list[CoverageSettings] = agent.ask_all([(task, CoverageSettings) for task in asked])
    if old != new:
        yield from settings_findings(*read)
    yield from plugin_findings(read[-1].plugins, edited)
    yield from _comments(sources, before, after, read[-1], agent)


def _changed_python(diff: Changes, sources: Iterable[str]) -> list[FileChange]:
    return [
        file
        for file in diff.files
        if file.path is not None and file.path.endswith(".py") and is_below(file.path, sources)
    ]


def _comments(
    sources: Iterable[FileChange],
    before: Texts,
    after: Texts,
    settings: CoverageSettings,
    agent: Agent,
) -> Iterator[Finding]:
    """Compare the pragma comments of changed sources, using the current settings."""
    versions = {file.path or "": _both(file, before, after) for file in sources}
    if not versions:
        return
    kinds = {"no cover": settings.exclude, "no branch": settings.partial}
    findings = {
        path: [
            finding
            for what, patterns in kinds.items()
            for finding in pragma_findings(
                path, find_pragmas(old, patterns), find_pragmas(new, patterns), what
            )
        ]
        for path, (old, new) in versions.items()
    }
    texts = [{path: pair[side] for path, pair in versions.items()} for side in (0, 1)]
    excluded: list[Excluded] = agent.ask_all(
        [(ReadExcluded(sources, settings.exclude), Excluded) for sources in texts]
    )
    for path, found in findings.items():
        yield from found
        if not found:
            yield from excluded_findings(path, *(Pragmas(read.sources[path]) for read in excluded))


def _defined(
    diff: Changes, before: Texts, after: Texts, tests: Iterable[str]
) -> tuple[inventory.Inventory, inventory.Inventory]:
    """The tests that the changed files below `tests` define: in the base, and now."""
    old: dict[str, str] = {}
    new: dict[str, str] = {}
    for file in diff.files:
        names = [name for name in (file.before, file.path) if name and name.endswith(".py")]
        if any(is_below(name, tests) for name in names):
            texts = _both(file, before, after)
            old |= {file.before: texts[0]} if file.before else {}
            new |= {file.path: texts[1]} if file.path else {}
    return inventory.list_source_tests(old), inventory.list_source_tests(new)


def _both(file: FileChange, before: Texts, after: Texts) -> tuple[str, str]:
    old = before(file.before) if file.before else None
    new = after(file.path) if file.path else None
    return old or "", new or ""


def _parsed(texts: Texts, where: str) -> Mapping[str, Any]:
    """The table in a version of pyproject.toml; empty if there is none yet."""
    try:
        document = tomllib.loads(texts(_PYPROJECT) or "", parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{where}: is not valid TOML: {error}"
        raise ConfigError(msg) from error
    table: Mapping[str, Any] = document.get("tool", {}).get("covernance", {})
    check_comparable(table, where)
    return table


def _all(old: Mapping[str, Any], new: Mapping[str, Any], key: str) -> set[str]:
    return {
        path
        for table in (old, new)
        for suite in table.get("suites", {})
        for path in _paths(table, suite, key)
    }


def _paths(table: Mapping[str, Any], suite: str, key: str) -> Sequence[str]:
    paths: Sequence[str] = table.get("suites", {}).get(suite, {}).get(key, ())
    return paths
