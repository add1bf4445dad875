"""pytest's settings in force that decide what is a test, which tests run and what fails them."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from covernance_agent.selection import list_narrowing, list_tolerant

_LISTS = (
    *("python_files", "python_classes", "python_functions", "norecursedirs"),
    *("filterwarnings", "usefixtures"),
)
_TEXTS = ("empty_parameter_set_mark",)
_STRICT = ("strict_config", "strict_markers")
_STRICT_XFAIL = ("strict_xfail", "xfail_strict")
"""The names of one setting: since pytest 9, and before."""


_OUTCOME_HOOKS = (
    *("pytest_pyfunc_call", "pytest_runtestloop", "pytest_runtest_call"),
    *("pytest_runtest_makereport", "pytest_runtest_protocol"),
)
"""Hooks that run tests, or say how they ended."""


_AGENT = Path(__file__).resolve().parent


class Setting(NamedTuple):
    """A setting in force.

    Attributes:
        value: Its entries; a flag is `true` or `false`.
        origin: The file that sets it, `default`, or `options` of the command line, addopts, an
            environment variable or a conftest file.
    """

    value: list[str]
    origin: str


def read_settings(config: pytest.Config) -> dict[str, Setting]:
    """Read the settings of a pass, by name; `options` are those that leave tests out."""
    settings = {
        name: Setting([str(entry) for entry in value or ()], _origin(config, name))
        for name in _LISTS
        if (value := _ini(config, name)) is not None
    }
    for name in _TEXTS:
        settings[name] = Setting([str(_ini(config, name) or "")], _origin(config, name))
    for name in _STRICT:
        if getattr(config.option, name, False):
            settings[name] = Setting(["true"], "options")
        else:
            settings[name] = _flag(config, name)
    settings["xfail_strict"] = _flag(config, *_STRICT_XFAIL)
    # Filters of the command line win over those of the file, as in pytest.
    if option_filters := list(getattr(config.option, "pythonwarnings", None) or ()):
        settings["filterwarnings"].value.extend(option_filters)
    settings["tolerance"] = Setting([*list_tolerant(vars(config.option))], "options")
    # The group of a shard is no setting: the other shards run the other tests.
    options = {name: value for name, value in vars(config.option).items() if name != "group"}
    settings["options"] = Setting([*list_narrowing(options)], "options")
    if config.option.runxfail:
        settings["options"].value.append("--runxfail")
    return settings


def find_outcome_hooks(config: pytest.Config, folder: Path) -> Setting:
    """Find the hooks by which files of the project decide how tests end, as `file: hook`.

    With such a hook a test can pass although it did not run, or failed. Ask when all conftest files
    are loaded.

    Args:
        config: The configuration of a pass.
        folder: The project.
    """
    root = os.path.realpath(folder)
    found = []
    for name in _OUTCOME_HOOKS:
        for implementation in getattr(config.hook, name).get_hookimpls():
            file = inspect.getsourcefile(inspect.unwrap(implementation.function)) or ""
            if path := _find_in_project(file, root):
                found.append(f"{path}: {name}")
    return Setting(sorted(set(found)), "conftest files")


def _find_in_project(file: str, root: str) -> str:
    """Return a file's path in the project; "" for those of installed packages and of the agent."""
    absolute = Path(os.path.realpath(file))
    path = Path(os.path.relpath(absolute, root))
    installed = {"..", "site-packages", "dist-packages"}.intersection(path.parts)
    return "" if installed or _AGENT in absolute.parents else path.as_posix()


def list_plugins(config: pytest.Config) -> dict[str, str]:
    """List the distributions of the plugins that are loaded, with their versions."""
    distributions = (
        distribution for _, distribution in config.pluginmanager.list_plugin_distinfo()
    )
    return {
        distribution.project_name: distribution.version
        for distribution in sorted(distributions, key=lambda found: str(found.project_name))
    }


def _flag(config: pytest.Config, *spellings: str) -> Setting:
    """Read a flag; if it is not set, `strict` of pytest 9 sets it."""
    for names in (spellings, ("strict",)):
        values = [value for name in names if (value := _ini(config, name)) is not None]
        if values and (values[0] or _is_explicit(config, *names)):
            return Setting([str(bool(values[0])).lower()], _origin(config, *names))
    return Setting(["false"], "default")


def _ini(config: pytest.Config, name: str) -> Any:  # noqa: ANN401 - the type depends on the name
    """Read a setting; None if this pytest does not have it, or it is not set."""
    try:
        return config.getini(name)
    except (KeyError, ValueError):
        return None


def _origin(config: pytest.Config, *names: str) -> str:
    if config.inipath is None or not _is_explicit(config, *names):
        return "default"
    return Path(os.path.relpath(config.inipath, config.invocation_params.dir)).as_posix()


def _is_explicit(config: pytest.Config, *names: str) -> bool:
    """Whether pytest's file sets one of these names; pytest 9 made the attribute private."""
    explicit = getattr(config, "_inicfg", None) or getattr(config, "inicfg", {})
    return any(name in explicit for name in names)
