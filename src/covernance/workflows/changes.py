"""Judge a change: does what it touches run, and does it weaken what is asked of the code."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import msgspec

from covernance.config import Suite, Table
from covernance.errors import ConfigError, Exit
from covernance.measure import changes as git
from covernance.measure import settings as coverage_settings
from covernance.measure.changes import Changes, FileChange
from covernance.measure.settings import Settings
from covernance.measure.statements import first_lines, statements
from covernance.model import snapshot as snapshots
from covernance.model.paths import is_below
from covernance.model.snapshot import Snapshot
from covernance.policy import integrity as policy
from covernance.policy import integrity_table, inventory, waivers
from covernance.policy.gate import PASS
from covernance.policy.integrity import Allowances, Finding, Judged
from covernance.policy.patch import INFORMS, PatchResult, PatchRule
from covernance.policy.patch import patch as judge_patch
from covernance.policy.pragmas import pragmas
from covernance.workflows import current, exceptions
from covernance.workflows.freshness import Unusable, is_source, usable

_PYPROJECT = "pyproject.toml"

Texts = Callable[[str], str | None]
"""The text of a file by its name, or None where there is no such file."""


class SuitePatch(msgspec.Struct, frozen=True, kw_only=True):
    """Patch coverage of one suite.

    Attributes:
        suite: Its name.
        verdict: `pass`, `informs`, `below-floor`, `no-data` or `stale`.
        reasons: Why there are no results; empty where there are.
        results: The suite's result, then its themes'.
        unmeasured: Changed sources that the suite's last run did not measure.
    """

    suite: str
    verdict: str
    reasons: tuple[str, ...] = ()
    results: tuple[PatchResult, ...] = ()
    unmeasured: tuple[str, ...] = ()


class PatchReport(msgspec.Struct, frozen=True):
    """Patch coverage of every suite asked for, since `base`, a commit."""

    base: str
    suites: tuple[SuitePatch, ...]

    @property
    def exit(self) -> Exit:
        """The exit code that the suites add up to."""
        green = all(suite.verdict in (PASS, INFORMS) for suite in self.suites)
        return Exit.PASS if green else Exit.GATE


class IntegrityReport(msgspec.Struct, frozen=True):
    """What a change weakens since `base`, a commit, and what is allowed of it.

    Attributes:
        base: The commit.
        findings: What it weakens.
        unusable: Suites that were to be compared as they ran, and could not be.
    """

    base: str
    findings: tuple[Judged, ...]
    unusable: tuple[Unusable, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code: a finding that nothing allows blocks, and so does an unusable result."""
        blocked = self.unusable or any(judged.allowed_by is None for judged in self.findings)
        return Exit.GATE if blocked else Exit.PASS


def base(table: Table, option: str | None, environ: Mapping[str, str]) -> str:
    """The commit that a change is compared with.

    The merge-base of HEAD and, from the first of these that is given: the option, the target
    branch of a GitHub pull request, the table's default branch.

    Raises:
        CovernanceError: There is no such commit here, or no git.
    """
    target = environ.get("GITHUB_BASE_REF")
    name = option or (f"refs/remotes/origin/{target}" if target else None)
    return git.merge_base(table.root, name, table.default_branch)


def waived(table: Table, today: date) -> frozenset[str]:
    """The files that rows of the exception register waive today.

    Raises:
        InputError: The register can't be read, or is damaged.
    """
    rows = exceptions.rows(table)
    return frozenset[str]().union(
        *(waivers.waived(rows, suite.name, today) for suite in table.suites)
    )


def patch(
    table: Table,
    suites: Iterable[Suite],
    base: str,
    *,
    fail_under: Decimal | None = None,
    min_lines: int | None = None,
) -> PatchReport:
    """Judge what runs of the lines that differ from `base`, by each suite's last full run.

    Args:
        table: The table; its folder must be the current one.
        suites: The suites to judge.
        base: A commit.
        fail_under: The floor, in place of each suite's own.
        min_lines: The least changed lines to judge by, in place of the table's.

    Raises:
        CovernanceError: A snapshot is damaged, a file can't be read, or git refuses.
    """
    tree = git.WorkTree(table.root)
    diff = tree.since(base)
    results = current.results(table)
    least = table.patch_min_lines if min_lines is None else min_lines
    judged = []
    for suite in suites:
        percent = suite.patch_fail_under if fail_under is None else fail_under
        rule = PatchRule(percent=percent, min_lines=least)
        judged.append(_suite_patch(tree, suite, results[suite.name], diff, rule))
    return PatchReport(base, tuple(judged))


def integrity(
    table: Table, base: str, allowances: Allowances, base_snapshots: Sequence[Path] = ()
) -> IntegrityReport:
    """Tell what the work tree weakens since `base`.

    Args:
        table: The table; its folder must be the current one.
        base: A commit.
        allowances: What labels and the exception register allow.
        base_snapshots: Results of the base. A suite that has one here is compared test by test
            with its last full run; the tests of another are those that its changed files define.

    Raises:
        CovernanceError: A file can't be read or parsed, or git refuses.
    """

    def before(name: str) -> str | None:
        return git.show(table.root, base, name)

    def after(name: str) -> str | None:
        return git.current(table.root, name)

    tree = git.WorkTree(table.root)
    diff = tree.since(base)
    old_table, new_table = _parsed(before, f"{_PYPROJECT} at {base}"), _parsed(after, _PYPROJECT)
    old_settings, new_settings = _settings(before), _settings(after)
    findings = [
        *integrity_table.table(old_table, new_table),
        *policy.settings(old_settings, new_settings),
        *_pragmas(diff, before, after, new_settings, _all(old_table, new_table, "source")),
    ]
    measured = {read.suite: read for read in map(snapshots.read, base_snapshots)}
    results = current.results(table) if measured else {}
    themes = {*old_table.get("themes", ()), *table.themes}
    without: list[Unusable] = []
    for suite in table.suites:
        if (old := measured.get(suite.name)) is None:
            paths = {*_paths(old_table, suite.name, "tests"), *suite.tests}
            tests = _defined(diff, before, after, paths)
            findings += policy.tests(suite.name, *tests, themes)
            continue
        new = usable(tree, suite, results[suite.name], diff)
        if isinstance(new, Unusable):
            without.append(new)
        else:
            tests = inventory.of_snapshot(old), inventory.of_snapshot(new)
            findings += policy.tests(suite.name, *tests, themes)
            findings += policy.shrinking(suite.name, *tests)
    return IntegrityReport(base, policy.judge(findings, allowances), tuple(without))


def _suite_patch(
    tree: git.WorkTree,
    suite: Suite,
    result: Snapshot | None,
    diff: Changes,
    rule: PatchRule,
) -> SuitePatch:
    snapshot = usable(tree, suite, result, diff)
    if isinstance(snapshot, Unusable):
        return SuitePatch(suite=suite.name, verdict=snapshot.verdict, reasons=snapshot.reasons)
    changed = changed_statements(tree, suite, snapshot, diff)
    results = judge_patch(snapshot, changed, rule)
    return SuitePatch(
        suite=suite.name,
        verdict=results[0].verdict,
        results=results,
        unmeasured=tuple(sorted(changed.keys() - snapshot.files.keys())),
    )


def changed_statements(
    tree: git.WorkTree, suite: Suite, snapshot: Snapshot, diff: Changes
) -> dict[str, frozenset[int]]:
    """The statements of a suite's sources that are new or edited, by their first lines.

    Raises:
        CovernanceError: A changed file, or coverage.py's settings, can't be read.
    """
    sources = {
        file.path: file.added
        for file in diff.files
        if file.path is not None and is_source(file.path, suite, snapshot)
    }
    return {
        path: found
        for path, added in sources.items()
        if (found := _statements(tree, path, added, snapshot))
    }


def _statements(
    tree: git.WorkTree, path: str, added: frozenset[int], snapshot: Snapshot
) -> frozenset[int]:
    """The first lines of the statements that the added lines belong to.

    What the snapshot knows of a file tells which of them must run; of a file that it does not
    know the source tells, unless the settings leave the file out.
    """
    text = git.current(tree.root, path) or ""
    touched = first_lines(text, added)
    if path in snapshot.files:
        return touched
    if not tree.settings.measures(tree.root / path):
        return frozenset()
    known = statements(text, tree.settings.exclude)
    return touched if known is None else touched & known


def _pragmas(
    diff: Changes, before: Texts, after: Texts, settings: Settings, sources: Iterable[str]
) -> Iterator[Finding]:
    """Compare the comments of changed sources, read with the settings as they are now."""
    kinds = {"no cover": settings.exclude, "no branch": settings.partial}
    for file in diff.files:
        if file.path is None or not file.path.endswith(".py"):
            continue
        if not is_below(file.path, sources):
            continue
        old, new = _both(file, before, after)
        for what, patterns in kinds.items():
            yield from policy.pragmas(
                file.path, pragmas(old, patterns), pragmas(new, patterns), what
            )


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
    return inventory.of_sources(old), inventory.of_sources(new)


def _both(file: FileChange, before: Texts, after: Texts) -> tuple[str, str]:
    old = before(file.before) if file.before else None
    new = after(file.path) if file.path else None
    return old or "", new or ""


def _parsed(texts: Texts, where: str) -> Mapping[str, Any]:
    """The table in a version of pyproject.toml; empty where there is none yet."""
    try:
        document = tomllib.loads(texts(_PYPROJECT) or "", parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{where}: is not valid TOML: {error}"
        raise ConfigError(msg) from error
    table = document.get("tool", {}).get("covernance", {})
    try:
        msgspec.convert(table, _TableShape)
    except msgspec.ValidationError as error:
        msg = f"{where}: [tool.covernance]: {error}"
        raise ConfigError(msg) from error
    return cast("Mapping[str, Any]", table)


class _SuiteShape(msgspec.Struct):
    source: list[str] = []
    tests: list[str] = []
    themes: list[str] | None = None


class _TableShape(msgspec.Struct):
    """As much of the table's form, in any version of it, as comparing relies on."""

    themes: list[str] = []
    suites: dict[str, _SuiteShape] = {}


def _settings(texts: Texts) -> Settings:
    found = {name: texts(name) for name in coverage_settings.FILES}
    return coverage_settings.settings(
        {name: text for name, text in found.items() if text is not None}
    )


def _all(old: Mapping[str, Any], new: Mapping[str, Any], key: str) -> set[str]:
    return {
        path
        for table in (old, new)
        for suite in table.get("suites", {})
        for path in _paths(table, suite, key)
    }


def _paths(table: Mapping[str, Any], suite: str, key: str) -> Sequence[str]:
    found: Sequence[str] = table.get("suites", {}).get(suite, {}).get(key, ())
    return found
