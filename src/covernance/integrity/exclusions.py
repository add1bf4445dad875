"""Compare what settings and comments leave out of coverage, by the texts of both versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from covernance.agent.client import Agent
from covernance.agent.sources import (
    RCFILE,
    Excluded,
    ReadExcluded,
    ReadSettings,
    find_settings_files,
)
from covernance.errors import ConfigError
from covernance.git.changes import Changes, FileChange
from covernance.integrity.findings import (
    Finding,
    excluded_findings,
    hidden_findings,
    plugin_findings,
    pragma_findings,
    settings_findings,
)
from covernance.integrity.pragmas import Pragmas, find_pragmas
from covernance.model.effects import CoverageSettings
from covernance.model.paths import is_below

Texts = Callable[[str], str | None]
"""The text of a file by its name, or None if there is no such file."""


def compare_exclusions(
    before: Texts,
    after: Texts,
    diff: Changes,
    sources: Iterable[str],
    agent: Agent,
    environ: Mapping[str, str],
) -> Iterator[Finding]:
    """Compare coverage.py's settings, and what they and comments exclude from edited sources.

    The file that `COVERAGE_RCFILE` names may be new: the usual files were used before.

    Args:
        before: The files of the base.
        after: The files now.
        diff: The change.
        sources: The sources of all suites.
        agent: Reads the settings.
        environ: The environment variables.

    Raises:
        ConfigError: The file that `COVERAGE_RCFILE` names does not exist.
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
    yield from _compare_sources(_edited_python(diff, sources), before, after, read[-1], agent)


def read_both(file: FileChange, before: Texts, after: Texts) -> tuple[str, str]:
    """Read both versions of a file; a missing one is empty."""
    old = before(file.before) if file.before else None
    new = after(file.path) if file.path else None
    return old or "", new or ""


def _edited_python(diff: Changes, sources: Iterable[str]) -> Sequence[FileChange]:
    return [
        file
        for file in diff.files
        if file.path is not None and file.path.endswith(".py") and is_below(file.path, sources)
    ]


def _compare_sources(
    edited: Iterable[FileChange],
    before: Texts,
    after: Texts,
    settings: CoverageSettings,
    agent: Agent,
) -> Iterator[Finding]:
    """Compare the pragmas and the excluded statements of sources, with the current settings."""
    versions = {file.path or "": read_both(file, before, after) for file in edited}
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
            was, now = (Pragmas(read.sources[path]) for read in excluded)
            grown = [*excluded_findings(path, was, now)]
            yield from grown or hidden_findings(path, was, now, *versions[path])
