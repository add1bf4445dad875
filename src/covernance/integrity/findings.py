"""Find changes that weaken the coverage policy: floors, limits, measured code, tests.

Each finding fails the check unless it is explicitly allowed, and is reported in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, get_args

import msgspec

from covernance.integrity.inventory import Function, Inventory
from covernance.integrity.pragmas import Pragmas, find_newly_hidden
from covernance.model import lines
from covernance.model.effects import CoverageSettings
from covernance.model.text import count
from covernance.model.verdict import Waiver

Kind = Literal[
    "floor-lowered",
    "limit-raised",
    "suite-removed",
    "theme-removed",
    "source-removed",
    "tests-path-removed",
    "selection-narrowed",
    "exclusion-added",
    "branch-off",
    "setting-changed",
    "governance-changed",
    "override-added",
    "gate-removed",
    "pragma-added",
    "exclusion-grew",
    "source-unmeasured",
    "test-deleted",
    "checks-removed",
    "suite-shrank",
    "skips-grew",
    "marker-removed",
    "exception-added",
    "exception-extended",
    "exception-owner-removed",
]

KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind of finding."""

NONE = "none"
"""Shown instead of a value on the side that has none."""


NO_ABSENCES: Mapping[str, str] = MappingProxyType({})
"""If nothing says why tests are missing."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One way in which a change demands less of the code.

    Attributes:
        kind: The kind of change.
        where: `file:line`, the node id of a test, a key of the table, or a setting.
        before: The value in the base.
        after: The current value.
        subjects: The files whose rows in the exception register allow it.
    """

    kind: Kind
    where: str
    before: str
    after: str
    subjects: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.kind}: {self.before} -> {self.after}"


class Allowances(msgspec.Struct, frozen=True, kw_only=True):
    """Findings that are allowed.

    Attributes:
        kinds: Kinds that a label of the pull request allows.
        waived: Files that the exception register allows to be below their floor, also at the base.
    """

    kinds: frozenset[str] = frozenset()
    waived: tuple[Waiver, ...] = ()


class JudgedFinding(msgspec.Struct, frozen=True, order=True):
    """A finding and what allows it; None if it fails the check."""

    finding: Finding
    allowed_by: str | None


def judge_findings(
    findings: Iterable[Finding], allowances: Allowances
) -> tuple[JudgedFinding, ...]:
    """Decide which findings are allowed, sorted by kind and place."""
    return tuple(
        JudgedFinding(finding, _allowed_by(finding, allowances)) for finding in sorted(findings)
    )


def _allowed_by(finding: Finding, allowances: Allowances) -> str | None:
    if finding.kind in allowances.kinds:
        return "label"
    waived = [waiver for waiver in allowances.waived if waiver.path in finding.subjects]
    return f"exception register: {min(waived)}" if waived else None


def settings_findings(before: CoverageSettings, after: CoverageSettings) -> Iterator[Finding]:
    """Compare two versions of coverage.py's settings."""
    if before.branch and not after.branch:
        yield Finding("branch-off", "coverage.py: branch", "true", "false")
    if after.ignore_errors and not before.ignore_errors:
        yield Finding("exclusion-added", "coverage.py: ignore_errors", "false", "true")
    for name, old, new in (
        ("omit", before.omit, after.omit),
        ("exclude", before.exclude, after.exclude),
        ("partial", before.partial, after.partial),
    ):
        for pattern in find_removed(new, old):
            yield Finding("exclusion-added", f"coverage.py: {name}", NONE, pattern)
    for name, old, new in (
        ("paths", before.paths, after.paths),
        ("plugins", before.plugins, after.plugins),
    ):
        if old != new:
            was, now = ("; ".join(values) or NONE for values in (old, new))
            yield Finding("setting-changed", f"coverage.py: {name}", was, now)
    if after.include:
        for pattern in find_removed(before.include, after.include):
            yield Finding("exclusion-added", "coverage.py: include", pattern, NONE)
        if not before.include:
            limit = ", ".join(after.include)
            yield Finding("exclusion-added", "coverage.py: include", "everything", limit)


def plugin_findings(plugins: Iterable[str], edited: Iterable[str]) -> Iterator[Finding]:
    """Find edited plugins of coverage.py in this repository: what they now exclude is unknown."""
    names = sorted(edited)
    for plugin in plugins:
        module = plugin.replace(".", "/")
        endings = (f"/{module}.py", f"/{module}/__init__.py")
        for path in names:
            if f"/{path}".endswith(endings):
                yield Finding("setting-changed", f"coverage.py: plugin {plugin}", NONE, path)


def pragma_findings(path: str, before: Pragmas, after: Pragmas, what: str) -> Iterator[Finding]:
    """Compare the pragma comments of one file; `what` is their kind, such as `no cover`.

    A comment that moved within the file, or replaced another, is not new.
    """
    more = len(after.lines) - len(before.lines)
    if more > 0:
        where = f"{path}:{lines.encode(after.beyond(before)).replace(',', f', {path}:')}"
        yield Finding(
            "pragma-added",
            where,
            f"{len(before.lines)} × {what}",
            f"{len(after.lines)} × {what}",
            (path,),
        )


def excluded_findings(path: str, before: Pragmas, after: Pragmas) -> Iterator[Finding]:
    """Compare the statements of one file that comments and settings hide."""
    if len(after.lines) > len(before.lines):
        where = f"{path}:{lines.encode(after.beyond(before)).replace(',', f', {path}:')}"
        yield Finding(
            "exclusion-grew",
            where,
            count(len(before.lines), "excluded statement"),
            count(len(after.lines), "excluded statement"),
            (path,),
        )


def hidden_findings(
    path: str, before: Pragmas, after: Pragmas, old: str, new: str
) -> Iterator[Finding]:
    """Find statements that the base measured, and that are hidden in place of others.

    Args:
        path: The file.
        before: The statements that comments and settings hid in the base.
        after: Those that they hide now.
        old: The text of the file in the base.
        new: Its present text.
    """
    if numbers := find_newly_hidden(before, after, old, new):
        where = f"{path}:{lines.encode(numbers).replace(',', f', {path}:')}"
        shown = count(len(numbers), "measured statement")
        yield Finding("exclusion-grew", where, shown, "excluded", (path,))


def compare_tests(
    before: Inventory,
    after: Inventory,
    themes: Iterable[str],
    absences: Mapping[str, str] = NO_ABSENCES,
) -> Iterator[Finding]:
    """Compare the tests of a suite; a moved or renamed test is the same test.

    Args:
        before: Its tests in the base.
        after: Its tests now.
        themes: The themes of both.
        absences: Why tests are missing now, by the test or its file.
    """
    pairs = {**_pair_moved(before, after), **{name: name for name in before if name in after}}
    theme_names = frozenset(themes)
    for name, old in before.items():
        new = after[pairs[name]] if name in pairs else Function(cases=0, marks=old.marks)
        if new.cases < old.cases:
            cases = count(new.cases, "case") if new.cases else NONE
            why = absences.get(name, absences.get(name.partition("::")[0], ""))
            shown = f"{cases} ({why})" if why else cases
            yield Finding("test-deleted", name, _cases(old.cases), shown)
        elif new.ran < old.ran:
            yield _skip(name, old, new)
        if old.checks and new.checks == 0:
            yield Finding("checks-removed", name, count(old.checks, "check"), NONE)
        if (old.marks - new.marks) & theme_names:
            remaining = ", ".join(sorted(new.marks & theme_names)) or NONE
            was = ", ".join(sorted(old.marks & theme_names))
            yield Finding("marker-removed", name, was, remaining)
    yield from _new_skips(before, after, pairs)


def compare_sizes(suite: str, before: Inventory, after: Inventory) -> Iterator[Finding]:
    """Compare the numbers of test cases of two versions of a suite."""
    was, now = (sum(test.cases for test in inventory.values()) for inventory in (before, after))
    if now < was:
        yield Finding("suite-shrank", f"suites.{suite}", count(was, "test"), count(now, "test"))


def _new_skips(before: Inventory, after: Inventory, pairs: Mapping[str, str]) -> Iterator[Finding]:
    """Find new tests, or new cases, that are skipped, if their total number has increased."""
    was, now = (sum(test.skipped for test in inventory.values()) for inventory in (before, after))
    if now <= was:
        return
    origin = {new: old for old, new in pairs.items()}
    for name, test in after.items():
        old = before[origin[name]] if name in origin else Function(cases=0)
        if test.skipped > old.skipped and (test.ran >= old.ran or test.cases < old.cases):
            yield _skip(name, old, test)


def _skip(name: str, before: Function, after: Function) -> Finding:
    reason = f": {after.reason}" if after.reason else ""
    skipped = f"{after.skipped} skipped{reason}"
    return Finding("skips-grew", name, f"{before.skipped} skipped", skipped)


def _pair_moved(before: Inventory, after: Inventory) -> dict[str, str]:
    """Pair missing tests with new ones: with the same body, or the same name in another file."""
    missing, fresh = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    pairs: dict[str, str] = {}
    for same in (_by_body, _by_name):
        paired = set(pairs.values())
        candidates: dict[str, list[str]] = {}
        for name in reversed(fresh):
            if name not in paired and (key := same(name, after)):
                candidates.setdefault(key, []).append(name)
        for name in missing:
            if name not in pairs and (names := candidates.get(same(name, before))):
                pairs[name] = names.pop()
    return pairs


def _by_body(name: str, inventory: Inventory) -> str:
    return inventory[name].body


def _by_name(name: str, _inventory: Inventory) -> str:
    return name.partition("::")[2]


def _cases(number: int) -> str:
    return "1 test" if number == 1 else count(number, "case")


def find_removed(before: Iterable[str], after: Iterable[str]) -> list[str]:
    """Return the entries of `before` that are not in `after`, sorted."""
    return sorted(set(before) - set(after))
