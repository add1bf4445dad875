"""Give each pass its own place for a file or folder that an option names for all of pytest.

Passes run at the same time, and the last one would overwrite what the others wrote.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

REQUESTED_JUNIT = "requested.junit.xml"
"""The JUnit XML of one pass, if an option asks for such a file; the tool merges those of a run."""

_FILES = ("report_log", "htmlpath", "json_report_file", "csv_path", "md_report_output")
"""Options of common plugins that name a file to write."""

_EMPTIED = {"clean_alluredir": "allure_report_dir", "store_durations": "durations_path"}
"""Options with which a plugin empties or rewrites what another option names."""

_OPENED = {"debug": "--debug"}
"""Options whose file pytest opens before any plugin could choose another one."""

_REPORTS = {
    *(".html", ".xml", ".json", ".jsonl", ".csv", ".md", ".rst", ".txt", ".log", ".tap", ".yaml"),
    *(".yml", ".sarif", ".svg"),
}
"""Suffixes of files that a plugin may write."""

_NOT_WRITTEN = ("inifilename", "rootdir", "confcutdir", "xmlpath", "log_file", "basetemp")


class _Known(NamedTuple):
    """A file that existed before the tests ran."""

    option: str
    path: Path
    size: int
    digest: str


class Placement:
    """The files and folders of one pass, as its options name them."""

    def __init__(self, folder: Path, place: str) -> None:
        """Place files.

        Args:
            folder: The folder of the pass.
            place: What distinguishes the pass from the others of the run; "" if there are none.
        """
        self._folder = folder
        self._place = place
        self._known: list[_Known] = []
        self.junit = ""
        """The path at which an option asks for a JUnit XML; "" if none does."""

    def apply(self, config: pytest.Config) -> None:
        """Change the options, before any plugin has read them.

        Raises:
            pytest.UsageError: Passes can't share the file of an option, nor get their own.
        """
        options = config.option
        if path := getattr(options, "xmlpath", None):
            self.junit = str(Path(os.path.expandvars(path)).expanduser().absolute())
            options.xmlpath = str(self._folder / REQUESTED_JUNIT)
        if not self._place:
            return
        if path := getattr(options, "log_file", None) or _setting(config, "log_file"):
            options.log_file = str(self._beside(Path(path)))
        if path := options.basetemp:
            Path(path).mkdir(parents=True, exist_ok=True)
            options.basetemp = str(Path(path) / self._place)
        values = vars(options)
        shared = {path for option, path in _EMPTIED.items() if values.get(option)}
        for name, value in list(values.items()):
            if values.get(name) and (name in _OPENED or _is_open(value)):
                msg = f"{_OPENED.get(name, _option(name))}: several passes would write its file; "
                raise pytest.UsageError(msg + "remove it, or run one suite and one --theme")
            if name in _NOT_WRITTEN or name.startswith("covernance") or not _is_path(value):
                continue
            path = Path(value)
            exists = path.exists() or (config.rootpath / path).exists()
            if name in {*_FILES, *shared} or (path.suffix in _REPORTS and not exists):
                setattr(options, name, type(value)(self._beside(path)))
            elif path.suffix in _REPORTS and path.is_file():
                content = path.read_bytes()
                self._known.append(_Known(_option(name), path, len(content), _digest(content)))

    def list_overwritten(self) -> list[tuple[str, str]]:
        """List the files that this pass, or another one meanwhile, has overwritten.

        Appending does not overwrite.

        Returns:
            Options, each with the file that it names.
        """
        return [
            (known.option, str(known.path))
            for known in self._known
            if not known.path.is_file()
            or _digest(known.path.read_bytes()[: known.size]) != known.digest
        ]

    def _beside(self, path: Path) -> Path:
        return path.with_name(f"{path.stem}.{self._place}{path.suffix}")


def _is_path(value: object) -> bool:
    text = str(value) if isinstance(value, (str, Path)) else ""
    return bool(text) and "\0" not in text and "://" not in text


def _is_open(value: object) -> bool:
    """Whether a value is a file that argparse has opened for writing."""
    return isinstance(value, io.IOBase) and value.writable()


def _setting(config: pytest.Config, name: str) -> Any:  # noqa: ANN401 - any type of setting
    try:
        return config.getini(name)
    except ValueError:  # the plugin that declares it is switched off
        return None


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
