"""The coverage.py settings that decide what counts, in force now or in other versions of files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Union

from coverage import Coverage
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
        include: Patterns of the only files to report; empty for all.
        omit: Patterns of files that are left out.
        exclude: Regular expressions of lines that need not run, including `exclude_also`.
        partial: Regular expressions of lines whose branches need not all be taken.
        paths: Folders whose files count as those of another one, as `name: folder, folder`.
        plugins: The plugins, whether or not they are installed here.
        file: The file that sets them; "" if there is none.
    """

    branch: bool
    ignore_errors: bool
    include: tuple[str, ...]
    omit: tuple[str, ...]
    exclude: tuple[str, ...]
    partial: tuple[str, ...]
    paths: tuple[str, ...]
    plugins: tuple[str, ...]
    file: str

    def measures(self, path: Path) -> bool:
        """Whether the file at an absolute path is included and not omitted.

        Relative patterns start at the current folder, as in coverage.py.
        """
        included = not self.include or GlobMatcher(prep_patterns(self.include)).match(str(path))
        return included and not GlobMatcher(prep_patterns(self.omit)).match(str(path))


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Read settings.

    Args:
        task: `files`, with `texts` by name and `named`, whether this is the one file that
            `COVERAGE_RCFILE` names; null for the settings in force in the current folder.

    Raises:
        ConfigError: coverage.py can't read them.
    """
    files = task["files"]
    if files is None:
        return read_current_settings()._asdict()
    return read_settings(files["texts"], named=files["named"])._asdict()


def read_current_settings() -> Settings:
    """Read the settings in force in the current folder.

    Raises:
        ConfigError: coverage.py can't read them.
    """
    return _read(config_file=True, where="")


def read_fail_under(config_file: str) -> float:
    """Read the percentage below which coverage.py's reports fail; 0 for none.

    Raises:
        ConfigError: coverage.py can't read the file.
    """
    cov, _ = _open(config_file)
    value = cov.get_option("report:fail_under")
    return float(value) if isinstance(value, (int, float)) else 0.0


def read_settings(files: Mapping[str, str], *, named: bool = False) -> Settings:
    """Read the settings as coverage.py would, from the texts of its files by name.

    Args:
        files: The texts.
        named: Whether this is the one file that `COVERAGE_RCFILE` names.

    Raises:
        ConfigError: coverage.py can't read one of them.
    """
    with tempfile.TemporaryDirectory(prefix="covernance-") as folder:
        for name, text in files.items():
            Path(folder, Path(name).name).write_text(text, encoding="utf-8")
        here = Path.cwd()
        with _working_folder(folder):
            config_file = str(Path.cwd() / Path(*files).name) if named else True
            try:
                settings = _read(config_file=config_file, where=f"{', '.join(files)}: ")
            except ConfigError:
                _check_each(files)
                raise
            # A plugin may complete patterns by the current folder.
            moved = {str(Path.cwd()): str(here)}
    names = {Path(name).name: name for name in files}
    return Settings(*(_moved(value, moved) for value in settings))._replace(
        file=names.get(settings.file, settings.file)
    )


def _read(*, config_file: ConfigFile, where: str) -> Settings:
    cov, plugins = _open(config_file, where)
    return Settings(
        branch=bool(cov.get_option("run:branch")),
        ignore_errors=bool(cov.get_option("report:ignore_errors")),
        include=_strings(cov, "report:include"),  # beside a source, that of [run] is not used
        omit=(*_strings(cov, "run:omit"), *_strings(cov, "report:omit")),
        exclude=_strings(cov, "report:exclude_lines"),
        partial=(
            *_strings(cov, "report:partial_branches"),
            *_strings(cov, "report:partial_branches_always"),
        ),
        paths=_paths(cov),
        plugins=plugins,
        file=os.path.relpath(file) if (file := cov.config.config_file) else "",
    )


def _open(config_file: ConfigFile, where: str = "") -> tuple[Coverage, tuple[str, ...]]:
    """Return a `Coverage` with settings and the names of their plugins."""
    try:
        cov = Coverage(data_file=None, config_file=config_file)
        return cov, _load_plugins(cov)
    except Exception as error:
        msg = f"{where}coverage.py's configuration: {error}".replace(f"{Path.cwd()}{os.sep}", "")
        raise ConfigError(msg) from error


def _load_plugins(cov: Coverage) -> tuple[str, ...]:
    """Let the plugins that are installed here change the settings; return the names of all."""
    plugins = _strings(cov, "run:plugins")
    if installed := [name for name in plugins if _is_installed(name)]:
        cov.set_option("run:plugins", installed)
        cov.sys_info()  # the documented call that makes plugins configure
    return plugins


def _is_installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def split_list(value: object) -> list[str]:
    """Read a list as coverage.py does: words in a text are separated by commas or newlines."""
    if isinstance(value, (list, tuple)):
        return [str(word) for word in value]
    words = str(value or "").replace("\n", ",").split(",")
    return [word.strip() for word in words if word.strip()]


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


def _moved(value: Any, folders: Mapping[str, str]) -> Any:  # noqa: ANN401 - any field of Settings
    if not isinstance(value, tuple):
        return value
    for before, after in folders.items():
        value = tuple(item.replace(before, after) for item in value)
    return value


def _paths(cov: Coverage) -> tuple[str, ...]:
    paths = cov.get_option("paths")
    if not isinstance(paths, dict):
        return ()
    return tuple(f"{name}: {', '.join(folders)}" for name, folders in sorted(paths.items()))


def _strings(cov: Coverage, option: str) -> tuple[str, ...]:
    value = cov.get_option(option)
    return tuple(map(str, value)) if isinstance(value, list) else ()
