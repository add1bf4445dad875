"""What decided the result of a suite, and what came of it: settings, plugins, files, tests."""

from __future__ import annotations

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """A setting in force.

    Attributes:
        value: Its entries; a flag is `true` or `false`.
        origin: Where it is set: a file, a table of pyproject.toml, `options`, or `default`.
    """

    value: tuple[str, ...]
    origin: str


class CoverageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """coverage.py's settings that decide what is measured, including its defaults.

    Attributes:
        branch: Whether branches are measured.
        ignore_errors: Whether files that can't be parsed are silently left out.
        include: Patterns of the only files to report; empty for all.
        omit: Patterns of files that are left out.
        exclude: Regular expressions of excluded lines, including `exclude_also`.
        partial: Regular expressions of lines whose branches need not all be taken.
        paths: Folders whose files count as those of another one, as `name: folder, folder`.
        plugins: The plugins.
        file: The file that sets them; "" if there is none.
    """

    branch: bool
    ignore_errors: bool
    include: tuple[str, ...]
    omit: tuple[str, ...]
    exclude: tuple[str, ...]
    partial: tuple[str, ...]
    paths: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    file: str = ""


class Effects(msgspec.Struct, frozen=True, kw_only=True):
    """What decided the result of a suite, and what came of it.

    Attributes:
        coverage: coverage.py's settings, as its plugins left them.
        pytest: pytest's settings by name; `options` are those that leave tests out.
        table: The suite's values in [tool.covernance], by key.
        plugins: pytest's plugins, with their versions.
        unmeasured: Tracked Python files of the suite's sources that were not measured, and why.
        skipped_files: Test files that were skipped as a whole, and why.
        deselected: Tests that were collected and that something other than a theme deselected.
    """

    coverage: CoverageSettings
    pytest: dict[str, Setting]
    table: dict[str, Setting]
    plugins: dict[str, str]
    unmeasured: dict[str, str] = {}
    skipped_files: dict[str, str] = {}
    deselected: tuple[str, ...] = ()
