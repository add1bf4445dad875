"""Why sources that should be measured were not: the setting that leaves them out, or the cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path, PurePath

from coverage.files import GlobMatcher, prep_patterns

from covernance_agent.failures import InputError
from covernance_agent.settings import Settings


def reject_deleted(inventory: Iterable[str]) -> None:
    """Raise if a test deleted a source; one that nothing imported would silently count no more.

    Raises:
        InputError: A file is not there any more.
    """
    for path in inventory:
        if not Path(path).exists():
            msg = f"{path} was deleted while the tests ran; restore it and correct the test"
            raise InputError(msg)


def explain_unmeasured(
    inventory: Iterable[str], measured: Collection[str], sources: Sequence[str], settings: Settings
) -> dict[str, str]:
    """Explain each file that was not measured, by its path.

    Args:
        inventory: The files that should be measured, relative to the current folder.
        measured: The files that were.
        sources: The folders and modules of the suite.
        settings: coverage.py's settings in force.
    """
    return {path: _explain(path, sources, settings) for path in inventory if path not in measured}


def _explain(path: str, sources: Sequence[str], settings: Settings) -> str:
    where = settings.file or "coverage.py"
    for pattern in settings.omit:
        if _matches(path, [pattern]):
            return f"left out by omit = {pattern} in {where}"
    if settings.include and not _matches(path, settings.include):
        return f"not in include = {', '.join(settings.include)} in {where}"
    if folder := _folder_without_init(path, sources):
        return (
            f"not imported by any test, and coverage.py does not look into {folder}, which has "
            "no __init__.py; add one, or set include_namespace_packages = true"
        )
    return "not imported by any test, and not a file that coverage.py would look for"


def _matches(path: str, patterns: Iterable[str]) -> bool:
    return GlobMatcher(prep_patterns(patterns)).match(str(Path.cwd() / path))


def _folder_without_init(path: str, sources: Sequence[str]) -> str | None:
    """The highest folder between a source and a file that is not a package; None if all are."""
    for folder in reversed(PurePath(path).parents):
        below = any(source in map(str, folder.parents) for source in sources)
        if below and not Path(folder, "__init__.py").exists():
            return folder.as_posix()
    return None
