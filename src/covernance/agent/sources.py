"""The agent's tasks for texts: parse coverage.py's settings and the statements of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from covernance.model import lines

SETTINGS_FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""coverage.py's configuration files, in order; it uses only the first one with settings."""


class ReadSettings(msgspec.Struct, frozen=True, tag="settings", tag_field="task"):
    """The task to read coverage.py's settings from the texts of its files, by name, in order."""

    files: dict[str, str]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that decide what is measured, including coverage.py's defaults.

    Attributes:
        branch: Whether branches are measured.
        ignore_errors: Whether files that can't be parsed are silently left out.
        include: Patterns of the only files to measure; empty for all.
        omit: Patterns of files that are left out.
        exclude: Regular expressions of excluded lines, including `exclude_also`.
        partial: Regular expressions of lines whose branches need not all be taken.
    """

    branch: bool
    ignore_errors: bool
    include: tuple[str, ...]
    omit: tuple[str, ...]
    exclude: tuple[str, ...]
    partial: tuple[str, ...]


class ReadStatements(msgspec.Struct, frozen=True, tag="statements", tag_field="task"):
    """The task to find the statements of sources.

    Attributes:
        sources: Paths of sources, relative to the root.
        settings: The texts of coverage.py's files; None if every file is measured in any case.
    """

    sources: list[str]
    settings: dict[str, str] | None


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

    def required(self, touched: Iterable[int]) -> frozenset[int]:
        """Return the first lines of the statements that must run and contain the given lines."""
        first = self.first_lines(touched)
        return first if self.must_run is None else first & lines.decode(self.must_run)


class Statements(msgspec.Struct, frozen=True):
    """The result of a `ReadStatements` task, by path."""

    sources: dict[str, SourceStatements]


def map_first_lines(spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Map each line of a multi-line statement to the statement's first line."""
    return {line: first for first, last in spans for line in range(first, last + 1)}


def read_settings_texts(read: Callable[[str], str | None]) -> dict[str, str]:
    """Return the texts of coverage.py's files that exist; `read` returns the text of a file."""
    texts = {name: read(name) for name in SETTINGS_FILES}
    return {name: text for name, text in texts.items() if text is not None}
