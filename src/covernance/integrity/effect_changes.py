"""Compare what decided the base's result, and what came of it, with the current result.

Texts show what a change says; results show what it did, whoever decided it: a conftest file, a
plugin, an environment variable or a file that was moved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from covernance.integrity.findings import NONE, Finding, settings_findings
from covernance.integrity.pytest_settings import Settings, find_weaker_settings
from covernance.model import lines
from covernance.model.effects import Effects, Setting
from covernance.model.paths import is_below
from covernance.model.snapshot import Snapshot
from covernance.model.text import count

_TABLE = "pyproject.toml"
"""The origin of a floor that the table sets; the comparison of tables finds changes of these."""


def compare_effects(
    before: Snapshot, after: Snapshot, edited: Mapping[str, str | None]
) -> Iterator[Finding]:
    """Compare two results of a suite; what an older version did not record is not compared.

    Args:
        before: The result of the base.
        after: The current result.
        edited: The files that differ from the base, with their names there; None for new ones.
    """
    yield from _compare_floors(before, after)
    if before.effects and after.effects:
        yield from settings_findings(before.effects.coverage, after.effects.coverage)
        yield from find_weaker_settings(
            _values(before.effects.pytest), _values(after.effects.pytest)
        )
        yield from _find_unmeasured(before, before.effects, after.effects, edited)
        yield from _find_excluded(before, after, edited.keys())


def _compare_floors(before: Snapshot, after: Snapshot) -> Iterator[Finding]:
    """Find a floor that was lowered for the run, by an option or a variable."""
    was, now = before.floor, after.floor
    if now.origin != _TABLE and Decimal(now.percent) < Decimal(was.percent):
        where = f"suites.{after.suite}.fail-under"
        yield Finding("floor-lowered", where, was.percent, f"{now.percent} (from {now.origin})")


def _values(settings: Mapping[str, Setting]) -> Settings:
    return {name: setting.value for name, setting in settings.items()}


def _find_unmeasured(
    base: Snapshot, before: Effects, after: Effects, edited: Mapping[str, str | None]
) -> Iterator[Finding]:
    """Find sources that are measured no more, and new ones that never were."""
    for path, reason in after.unmeasured.items():
        former = edited.get(path, path)
        if former not in before.unmeasured:
            was = "measured" if former in base.files else "new file"
            yield Finding("source-unmeasured", path, was, reason, (path,))


def _find_excluded(before: Snapshot, after: Snapshot, edited: Collection[str]) -> Iterator[Finding]:
    """Find files that were not edited, of which more lines are excluded."""
    for path, file in after.files.items():
        old = before.files.get(path)
        if old is None or path in edited:
            continue
        was, now = (lines.decode(result.excluded_lines) for result in (old, file))
        if new := now - was:
            yield Finding(
                "exclusion-grew",
                f"{path}:{lines.encode(new)}",
                count(len(was), "excluded line"),
                count(len(now), "excluded line"),
                (path,),
            )


def find_moved_sources(
    edited: Mapping[str, str | None], old_sources: Collection[str], sources: Collection[str]
) -> Iterator[Finding]:
    """Find code that a change moves out of every suite.

    Args:
        edited: The files that differ from the base, with their names there; None for new ones.
        old_sources: The sources of all suites in the base.
        sources: The sources of all suites now.
    """
    for path, former in edited.items():
        was_measured = former and former.endswith(".py") and is_below(former, old_sources)
        if was_measured and not is_below(path, sources):
            was = f"measured as {former}"
            yield Finding("source-unmeasured", path, was, NONE, (path, f"{former}"))


def find_new_submodules(
    before: Collection[str], after: Collection[str], sources: Collection[str]
) -> Iterator[Finding]:
    """Find sources that a change puts into submodules, whose changes nothing compares any more.

    Args:
        before: The submodules of the base.
        after: The submodules now.
        sources: The sources of all suites now.
    """
    for path in sorted(set(after) - set(before)):
        holds_source = any(is_below(source, (path,)) for source in sources)
        if holds_source or is_below(path, sources):
            reason = "a submodule, whose changes are not compared"
            yield Finding("source-unmeasured", path, NONE, reason)
