"""Which suites a change touches; pure. Where it can't be told, every suite is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import msgspec

from covernance.git.changes import FileChange
from covernance.model.paths import is_below, is_test

# What decides how everything is run and judged; `*` crosses folders.
_EVERYWHERE = {
    "pyproject.toml": "the table and the tools' settings",
    "*conftest.py": "pytest's configuration",
    "pytest.ini": "pytest's configuration",
    ".pytest.ini": "pytest's configuration",
    "tox.ini": "pytest's or coverage.py's configuration",
    "setup.cfg": "pytest's or coverage.py's configuration",
    ".coveragerc*": "coverage.py's configuration",
    "noxfile.py": "the sessions",
    "Makefile": "the commands",
    "requirements*": "a lock",
    "*.lock": "a lock",
    ".github/*": "CI",
    ".ci/*": "CI",
}
_PROSE = (".md", ".rst")


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite consists of and what it may execute.

    Attributes:
        source: Its sources, as the table names them.
        tests: Its tests, likewise.
        files: The Python files that its tests may execute by importing, its own among them.
        mentioned: Those of the changed files without code whose name one of `files` has in it.
        recorded: What its last green run read or asked for, where that is known.
    """

    source: tuple[str, ...]
    tests: tuple[str, ...]
    files: frozenset[str]
    mentioned: frozenset[str] = frozenset()
    recorded: frozenset[str] = frozenset()

    @property
    def own(self) -> tuple[str, ...]:
        """Its folders."""
        return (*self.source, *self.tests)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the repository beside its suites.

    Attributes:
        importable: The Python files that the import graph knows.
        layer: The folder of the layer, where it lies in the repository.
        register: The exception register.
    """

    importable: frozenset[str]
    layer: str | None
    register: str


def touched(
    files: Iterable[FileChange], reaches: Mapping[str, Reach], known: Known
) -> dict[str, tuple[str, ...]]:
    """Why each suite is touched, a reason for each changed file; no reason means untouched."""
    found: dict[str, list[str]] = {name: [] for name in reaches}
    for file in files:
        for path in dict.fromkeys(name for name in (file.path, file.before) if name):
            gone = path != file.path
            for suite, why in _touched(path, reaches, known, gone=gone).items():
                found[suite].append(f"{path} {'is gone' if gone else 'changed'}: {why}")
    return {name: tuple(reasons) for name, reasons in found.items()}


def _touched(
    path: str, reaches: Mapping[str, Reach], known: Known, *, gone: bool
) -> dict[str, str]:
    if why := _everywhere(path, reaches, known, gone=gone):
        return dict.fromkeys(reaches, why)
    if path.endswith(".py") and not gone:
        return _imported(path, reaches, known)
    return _read(path, reaches)


def _everywhere(path: str, reaches: Mapping[str, Reach], known: Known, *, gone: bool) -> str:
    """Why a file touches every suite; "" where it may touch some."""
    if path == known.register:
        return "the exception register"
    if known.layer and is_below(path, [known.layer]):
        return "the layer itself"
    inside = [folder for reach in reaches.values() for folder in reach.tests]
    for pattern, why in _EVERYWHERE.items():
        if fnmatchcase(path, pattern) and not (
            pattern == "*conftest.py" and is_below(path, inside)
        ):
            return why
    if path.endswith(".py") and gone and not (is_test(path) and is_below(path, inside)):
        return "what imported it can't be told"
    return ""


def _imported(path: str, reaches: Mapping[str, Reach], known: Known) -> dict[str, str]:
    found = {}
    for name, reach in reaches.items():
        if is_below(path, reach.source):
            found[name] = "its source"
        elif is_below(path, reach.tests):
            found[name] = "its tests"
        elif path in reach.files:
            found[name] = "imported by it"
        elif path in reach.recorded:
            found[name] = "read by its last run"
    if found or path in known.importable:
        return found
    return dict.fromkeys(reaches, "no import tells who uses it")


def _read(path: str, reaches: Mapping[str, Reach]) -> dict[str, str]:
    """Who may read a file without code: its suite, and whoever imports what lies beside it."""
    folders = [folder for reach in reaches.values() for folder in reach.own]
    around = [folder for folder in folders if is_below(path, [folder])]
    found = {}
    for name, reach in reaches.items():
        if is_below(path, reach.own):
            found[name] = "in its folders"
        elif any(is_below(file, around) for file in reach.files):
            found[name] = "beside what it imports"
        elif path in reach.mentioned:
            found[name] = "named in what it imports"
        elif path in reach.recorded:
            found[name] = "read by its last run"
    if around or path.endswith(_PROSE):
        return found
    return dict.fromkeys(reaches, "anything may read it")
