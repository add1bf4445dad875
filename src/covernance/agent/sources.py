"""What is asked of an agent about texts: coverage.py's settings, the statements of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from covernance.model import lines

SETTINGS_FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
"""Where coverage.py looks, in its order; the first file with settings is the only one it uses."""


class ReadSettings(msgspec.Struct, frozen=True, tag="settings", tag_field="task"):
    """Read coverage.py's settings from the texts of its files, by name, in its order."""

    files: dict[str, str]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured and what is left out, with coverage.py's defaults.

    Attributes:
        branch: Whether branches are measured.
        ignore_errors: Whether a file that can't be parsed is left out in silence.
        include: Patterns outside of which nothing is measured; empty for no such limit.
        omit: Patterns of files that are left out.
        exclude: Regular expressions of lines that need not run; `exclude_also` among them.
        partial: Regular expressions of lines whose branches need not all be taken.
    """

    branch: bool
    ignore_errors: bool
    include: tuple[str, ...]
    omit: tuple[str, ...]
    exclude: tuple[str, ...]
    partial: tuple[str, ...]


class ReadStatements(msgspec.Struct, frozen=True, tag="statements", tag_field="task"):
    """Read sources.

    Attributes:
        sources: Their texts by path, relative to the root.
        settings: The texts of coverage.py's files; None if every file is measured anyway.
    """

    sources: dict[str, str]
    settings: dict[str, str] | None


class SourceStatements(msgspec.Struct, frozen=True, kw_only=True):
    """The statements of a source.

    Attributes:
        spans: First and last lines of those that span several.
        must_run: The first lines of those that must run; None if that is unknown.
        measured: Whether coverage.py's settings leave the file in.
    """

    spans: list[tuple[int, int]] = []
    must_run: str | None = None
    measured: bool = True

    def first_lines(self, touched: Iterable[int]) -> frozenset[int]:
        """The first lines of the statements that some lines belong to."""
        first = first_lines(self.spans)
        return frozenset(first.get(line, line) for line in touched)

    def required(self, touched: Iterable[int]) -> frozenset[int]:
        """Those of `first_lines` at which a statement begins that must run."""
        found = self.first_lines(touched)
        return found if self.must_run is None else found & lines.decode(self.must_run)


class Statements(msgspec.Struct, frozen=True):
    """What came of `ReadStatements`, by path."""

    sources: dict[str, SourceStatements]


def first_lines(spans: Iterable[tuple[int, int]]) -> dict[int, int]:
    """For each line of a statement that spans several, the first of them."""
    return {line: first for first, last in spans for line in range(first, last + 1)}


def settings_texts(read: Callable[[str], str | None]) -> dict[str, str]:
    """The texts of coverage.py's files that there are; `read` gives the text of a file."""
    found = {name: read(name) for name in SETTINGS_FILES}
    return {name: text for name, text in found.items() if text is not None}
