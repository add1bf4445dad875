"""The agent's tasks for sources: coverage.py's settings, statements, excluded statements."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

import msgspec

from covernance.model import lines

SETTINGS_FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""coverage.py's configuration files, in order; it uses only the first one with settings."""


RCFILE = "COVERAGE_RCFILE"
"""The variable that names another configuration file, which coverage.py then uses alone."""


class SettingsFiles(msgspec.Struct, frozen=True):
    """The texts of coverage.py's configuration files.

    Attributes:
        texts: By name, in order.
        named: Whether this is the one file that `COVERAGE_RCFILE` names.
    """

    texts: dict[str, str]
    named: bool = False


class ReadSettings(msgspec.Struct, frozen=True, tag="settings", tag_field="task"):
    """The task to read coverage.py's settings, including what its plugins set.

    Attributes:
        files: Their files; None for those that are in force in the current folder.
    """

    files: SettingsFiles | None = None


class ReadStatements(msgspec.Struct, frozen=True, tag="statements", tag_field="task"):
    """The task to find the statements of sources.

    Attributes:
        sources: Paths of sources, relative to the root.
        required: Whether to find out which statements must run, and which files are measured, with
            the settings in force.
    """

    sources: list[str]
    required: bool


class SourceStatements(msgspec.Struct, frozen=True, kw_only=True):
    """The statements of a source.

    Attributes:
        spans: First and last line of each statement that spans several lines.
        must_run: The first lines of statements that must run; None if that is unknown.
        measured: Whether the file is measured with coverage.py's settings.
    """

    spans: list[tuple[int, int]] = []
    must_run: str | None = None
    measured: bool = True

    def first_lines(self, touched: Iterable[int]) -> frozenset[int]:
        """Return the first lines of the statements that contain the given lines."""
        first = map_first_lines(self.spans)
        return frozenset(first.get(line, line) for line in touched)

    def cut_through(self, cuts: Iterable[int]) -> frozenset[int]:
        """Return the first lines of the statements that go on below the given lines."""
        first = map_first_lines(self.spans)
        return frozenset(
            first[line] for line in cuts if line in first and first[line] == first.get(line + 1)
        )

    def required(self, touched: Iterable[int]) -> frozenset[int]:
        """Return the first lines of the statements that must run and contain the given lines."""
        first = self.first_lines(touched)
        return first if self.must_run is None else first & lines.decode(self.must_run)


class Statements(msgspec.Struct, frozen=True):
    """The result of a `ReadStatements` task, by path."""

    sources: dict[str, SourceStatements]


class ReadExcluded(msgspec.Struct, frozen=True, tag="excluded", tag_field="task"):
    """The task to find the statements that comments exclude.

    Attributes:
        sources: Source texts by path.
        exclude: Regular expressions of excluded lines.
    """

    sources: dict[str, str]
    exclude: tuple[str, ...]


class Excluded(msgspec.Struct, frozen=True):
    """The result of a `ReadExcluded` task: for each path, excluded statements and their text."""

    sources: dict[str, dict[int, str]]


def map_first_lines(spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Map each line of a multi-line statement to the statement's first line."""
    return {line: first for first, last in spans for line in range(first, last + 1)}


def find_settings_files(
    read: Callable[[str], str | None], environ: Mapping[str, str]
) -> SettingsFiles:
    """Return the texts of coverage.py's files that exist; `read` returns the text of a file.

    If `COVERAGE_RCFILE` names a file that does not exist, the usual files are returned.
    """
    if (named := environ.get(RCFILE)) and (text := read(os.path.normpath(named))) is not None:
        return SettingsFiles({named: text}, named=True)
    texts = {name: read(name) for name in SETTINGS_FILES}
    return SettingsFiles({name: text for name, text in texts.items() if text is not None})


def list_settings_files(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the files that coverage.py reads, whether or not they exist."""
    return (named,) if (named := environ.get(RCFILE)) else SETTINGS_FILES
