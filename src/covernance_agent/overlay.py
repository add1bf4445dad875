"""The coverage.py settings of a run: the project's own settings with a few keys replaced.

Users need not edit their settings file, and its other settings stay in force. The file that
coverage.py would read is copied in its own format with a few keys replaced, so that regular
expressions and environment variables keep their spelling. See
https://coverage.readthedocs.io/config.html
"""

from __future__ import annotations

import configparser
import json
import os
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import coverage
from coverage.exceptions import ConfigError as CoverageConfigError
from coverage.exceptions import CoverageException
from coverage.plugin_support import Plugins
from coverage.types import TConfigurable

from covernance_agent.failures import ConfigError, MachineError
from covernance_agent.installed_copies import Copy, find_equal_copies
from covernance_agent.mapped_packages import find_mapped_packages, name_module
from covernance_agent.settings import split_list

Sections = dict[str, dict[str, Any]]

_NAME = "covernance_agent.overlay"
_SHARED_FILES = ("setup.cfg", "tox.ini", "pyproject.toml")
"""Files shared with other tools, in which coverage.py's sections have a prefix."""

_PREFIX = "coverage:"
_CONTEXT = "${COVERAGE_CONTEXT-default}"
"""The environment reaches child processes; a command line's `--context` does not."""

_UNREADABLE = (CoverageException, CoverageConfigError)
"""The errors of coverage.py for bad settings; up to 7.10 the second is no subclass of the first."""

_DATA_FILE = "${COVERNANCE_DATA_FILE-.coverage}"
"""Likewise, up to 7.10.2, child processes read the settings file but not the command line."""

_REPLACED = {
    "source_pkgs": "the suite's source in [tool.covernance] is measured",
    "source_dirs": "the suite's source in [tool.covernance] is measured",
    "include": "the suite's source in [tool.covernance] is measured",
    "dynamic_context": "contexts are named after themes",
    "timid": "the default tracer is used",
}
"""Keys of [run] that a run replaces, and what it does instead."""


def config_file(folder: Path, source: Sequence[str]) -> str:
    """Write the effective settings of a suite; the value for `config_file` of `Coverage`.

    Args:
        folder: Where the generated file is written.
        source: The suite's sources, relative to the current folder.

    Raises:
        ConfigError: coverage.py's settings can't be read.
        MachineError: The file can't be written.
    """
    return write_settings(folder, source)[0]


def write_settings(folder: Path, source: Sequence[str]) -> tuple[str, list[str]]:
    """Write the effective settings to a file in `folder`.

    Returns:
        The file, and one line about each project setting that was replaced.

    Raises:
        ConfigError: coverage.py's settings can't be read.
        MachineError: The file can't be written.
    """
    path = _in_force()
    sections = _read(path) if path else {}
    name = os.path.relpath(path) if path else ""
    notes = [f"{name}: {note}" for note in _override_run(sections.setdefault("run", {}), source)]
    as_toml = path is not None and path.endswith(".toml")
    _count_copies(sections, find_equal_copies(source), as_toml=as_toml)
    packages = find_mapped_packages(sections.get("paths", {}).values(), source)
    if modules := [*map(name_module, _modules(source)), *packages]:
        sections["run"]["source_pkgs"] = modules
    target = Path(folder, "settings.toml" if as_toml else "coveragerc")
    _write(target, sections, as_toml=as_toml)
    if sections["run"].get("plugins") and (changed := _changed_by_plugins(target, source)):
        notes.append(f"{name}: a plugin sets {', '.join(changed)}; this run overrides it")
        plugins = [*split_list(sections["run"]["plugins"]), _NAME]
        sections["run"]["plugins"] = plugins if as_toml else "\n".join(plugins)
        sections[_NAME] = {"source": list(source) if as_toml else "\n".join(source)}
        _write(target, sections, as_toml=as_toml)
    return str(target), notes


def _count_copies(sections: Sections, copies: Sequence[Copy], *, as_toml: bool) -> None:
    """Count installed copies as the source, by entries of [paths]."""
    for number, copy in enumerate(copies):
        mapped = [copy.source.as_posix(), copy.pattern]
        paths = sections.setdefault("paths", {})
        paths[f"{_NAME}_{number}"] = mapped if as_toml else "\n".join(mapped)
        if generated := copy.list_generated():
            omit = [*split_list(sections["run"].get("omit", "")), *generated]
            sections["run"]["omit"] = omit if as_toml else "\n".join(omit)


def coverage_init(registry: Plugins, options: dict[str, Any]) -> None:
    """Register a configurer that overrides other coverage.py plugins where they change a run."""
    registry.add_configurer(_LastWord(split_list(options.get("source", ""))))


class _LastWord(coverage.CoveragePlugin):
    def __init__(self, source: Sequence[str]) -> None:
        self._source = list(source)

    def configure(self, config: TConfigurable) -> None:
        for key, value in _needed(self._source).items():
            config.set_option(f"run:{key}", value)
        config.set_option("run:patch", _with_subprocess(config.get_option("run:patch")))


def _needed(source: Sequence[str]) -> dict[str, Any]:
    # coverage.py measures folders by their path, and single modules by their name.
    modules = _modules(source)
    folders = [path for path in source if path not in modules]
    return {"branch": True, "relative_files": True, "source": folders}


def _modules(source: Sequence[str]) -> list[str]:
    return [path for path in source if path.endswith(".py") and not Path(path).is_dir()]


def _with_subprocess(patch: object) -> list[str]:
    return list(dict.fromkeys([*split_list(patch), "subprocess"]))


def _in_force() -> str | None:
    """The settings file that coverage.py reads here, or None."""
    try:
        return coverage.Coverage(data_file=None).config.config_file
    except _UNREADABLE as error:
        msg = f"coverage.py's configuration: {error}"
        raise ConfigError(msg) from error


def _read(path: str) -> Sections:
    """The sections of coverage.py in a settings file that coverage.py can read."""
    shared = Path(path).name in _SHARED_FILES
    if path.endswith(".toml"):
        document = _toml(path)
        sections_of_tool = document.get("tool", {}).get("coverage", {})
        return _copied(sections_of_tool if shared or sections_of_tool else document)
    parser = configparser.RawConfigParser()
    parser.read(path, encoding="utf-8")
    sections: Sections = {}
    for name in parser.sections():
        if name.startswith(_PREFIX):
            sections[name[len(_PREFIX) :]] = dict(parser.items(name))
        elif not shared:
            sections.setdefault(name, dict(parser.items(name)))
    return sections


def _toml(path: str) -> dict[str, Any]:
    """Read TOML, before Python 3.11 with tomli, which coverage.py needs there too."""
    name = "tomllib" if find_spec("tomllib") else "tomli"
    document: dict[str, Any] = import_module(name).loads(Path(path).read_text(encoding="utf-8"))
    return document


def _copied(document: dict[str, Any]) -> Sections:
    return {name: dict(section) for name, section in document.items() if isinstance(section, dict)}


def _override_run(run: dict[str, Any], source: Sequence[str]) -> list[str]:
    """Set the keys that a run needs in [run]; return one line per setting that said otherwise."""
    notes = [
        f"[run] {key} = {str(run[key]).lower()} is not used: {key} = true is needed"
        for key in ("branch", "relative_files")
        if key in run and not _is_true(run[key])
    ]
    for key, reason in _REPLACED.items():
        if key in run and (key != "timid" or _is_true(run[key])):
            notes.append(f"[run] {key} is not used: {reason}")
        run.pop(key, None)
    run["patch"] = _with_subprocess(run.get("patch", ""))
    # coverage.py replaces `$NAME` in every value.
    run.update(
        _needed([path.replace("$", "$$") for path in source]),
        context=_CONTEXT,
        data_file=_DATA_FILE,
    )
    return notes


def _changed_by_plugins(target: Path, source: Sequence[str]) -> list[str]:
    """The keys that a run needs and that coverage.py plugins have changed."""
    try:
        settings = coverage.Coverage(config_file=str(target), data_file=None)
        settings.sys_info()  # the documented call that makes plugins configure
    except (*_UNREADABLE, ImportError) as error:
        msg = f"coverage.py's configuration: {error}"
        raise ConfigError(msg) from error
    changed = [
        key for key, value in _needed(source).items() if settings.get_option(f"run:{key}") != value
    ]
    if "subprocess" not in split_list(settings.get_option("run:patch")):
        changed.append("patch")
    return changed


def _is_true(value: object) -> bool:
    return str(value).strip().lower() in {"1", "yes", "true", "on"}


def _write(target: Path, sections: Sections, *, as_toml: bool) -> None:
    text = _as_toml(sections) if as_toml else _as_ini(sections)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        msg = f"{target}: can't be written: {error.strerror or error}"
        raise MachineError(msg) from error


def _as_ini(sections: Sections) -> str:
    lines = []
    for name, section in sections.items():
        lines.append(f"[{name}]")
        for key, value in section.items():
            text = "\n".join(map(str, value)) if isinstance(value, list) else str(value)
            first, *more = text.split("\n")
            lines += [f"{key} = {first}", *(f"    {line}" for line in more)]
    return "\n".join(lines) + "\n"


def _as_toml(sections: Sections) -> str:
    lines = []
    for name, section in sections.items():
        # The name of a plugin is a dotted path; coverage.py finds its section part by part.
        lines.append(f"[tool.coverage.{'.'.join(map(_text, name.split('.')))}]")
        lines += [f"{_text(key)} = {_value(value)}" for key, value in section.items()]
    return "\n".join(lines) + "\n"


def _value(value: object | Sequence[object]) -> str:
    """Write a value as TOML (https://toml.io/en/v1.0.0)."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        pairs = (f"{_text(str(key))} = {_value(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    return _text(str(value))


def _text(text: str) -> str:
    """Write a basic string: TOML has JSON's escapes, but also requires one for U+007F."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
