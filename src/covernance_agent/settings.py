"""The settings of coverage.py that decide what counts, of any version of its files."""

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
"""What `coverage.Coverage` takes as `config_file`."""

_ELSEWHERE = "COVERAGE_RCFILE"


class Settings(NamedTuple):
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

    def measures(self, path: Path) -> bool:
        """Whether an absolute path is neither omitted nor outside of what is included.

        A relative pattern begins at the current folder, as for coverage.py itself.
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
        with _inside(folder):
            try:
                cov = Coverage(data_file=None, config_file=True)
            except (CoverageException, UnreadableConfig) as error:
                _blame(files)
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


def _blame(files: Mapping[str, str]) -> None:
    """Fail for the first of several files that can't be read by itself, if one can't."""
    if len(files) > 1:
        for name, text in files.items():
            read_settings({name: text})


@contextmanager
def _inside(folder: str) -> Iterator[None]:
    """Have coverage.py look for its files in a folder."""
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
