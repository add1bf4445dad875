"""The coverage.py settings that decide what counts, for any version of its files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Union

from coverage import Coverage
from coverage.exceptions import ConfigError as UnreadableConfig
from coverage.exceptions import CoverageException
from coverage.files import GlobMatcher, prep_patterns

from covernance_agent.failures import ConfigError

ConfigFile = Union[str, bool]
"""The type of the argument `config_file` of `coverage.Coverage`."""

_ELSEWHERE = "COVERAGE_RCFILE"


class Settings(NamedTuple):
    """What is measured and what is left out, with coverage.py's defaults.

    Attributes:
        branch: Whether branches are measured.
        ignore_errors: Whether files that can't be parsed are left out silently.
        include: Patterns of the only files to measure; empty for all.
        omit: Patterns of files that are left out.
        exclude: Regular expressions of lines that need not run, including `exclude_also`.
        partial: Regular expressions of lines whose branches need not all be taken.
    """

    branch: bool
    ignore_errors: bool
    include: tuple[str, ...]
    omit: tuple[str, ...]
    exclude: tuple[str, ...]
    partial: tuple[str, ...]

    def measures(self, path: Path) -> bool:
        """Whether the file at an absolute path is included and not omitted.

        Relative patterns start at the current folder, as in coverage.py.
        """
        included = not self.include or GlobMatcher(prep_patterns(self.include)).match(str(path))
        return included and not GlobMatcher(prep_patterns(self.omit)).match(str(path))


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Read the settings from `files`, texts by name.

    Raises:
        ConfigError: coverage.py can't read one of them.
    """
    return read_settings(task["files"])._asdict()


def read_settings(files: Mapping[str, str]) -> Settings:
    """Read the settings as coverage.py would, from the texts of its files by name.

    Raises:
        ConfigError: coverage.py can't read one of them.
    """
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        with _working_folder(folder):
            try:
                cov = Coverage(data_file=None, config_file=True)
            except (CoverageException, UnreadableConfig) as error:
                _check_each(files)
                msg = f"{', '.join(files)}: coverage.py's configuration: {error}"
                raise ConfigError(msg) from error
    return Settings(
        branch=bool(cov.get_option("run:branch")),
        ignore_errors=bool(cov.get_option("report:ignore_errors")),
        include=_both(cov, "include"),
        omit=_both(cov, "omit"),
        exclude=_strings(cov, "report:exclude_lines"),
        partial=(
            *_strings(cov, "report:partial_branches"),
            *_strings(cov, "report:partial_branches_always"),
        ),
    )


def _check_each(files: Mapping[str, str]) -> None:
    """Raise for the first of several files that can't be read alone, if there is one."""
    if len(files) > 1:
        for name, text in files.items():
            read_settings({name: text})


@contextmanager
def _working_folder(folder: str) -> Iterator[None]:
    """Make coverage.py look for its files in a folder."""
    before, elsewhere = Path.cwd(), os.environ.pop(_ELSEWHERE, None)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        if elsewhere is not None:
            os.environ[_ELSEWHERE] = elsewhere


def _both(cov: Coverage, option: str) -> tuple[str, ...]:
    return (*_strings(cov, f"run:{option}"), *_strings(cov, f"report:{option}"))


def _strings(cov: Coverage, option: str) -> tuple[str, ...]:
    value = cov.get_option(option)
    return tuple(map(str, value)) if isinstance(value, list) else ()
