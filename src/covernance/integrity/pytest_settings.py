"""Find changes of pytest's own settings by which fewer tests run, or fewer of them fail.

A run records the settings in force, whoever set them. Without such a record, the texts of pytest's
files are compared. What conftest files and plugins leave out is known only from results: a test of
the base's result that is gone is a finding as well.
"""

from __future__ import annotations

import configparser
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from covernance.errors import ConfigError
from covernance.integrity.findings import NONE, Finding, find_removed

_FILES = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
    *("pyproject.toml", "tox.ini", "setup.cfg"),
)
"""The files that pytest looks for; it uses the first one with settings, or with its own name."""

_OPTIONS = ("-m", "-k", "--deselect", "--ignore", "--ignore-glob")
_OPTIONS_KEY = "options"
_PATTERNS = {
    "python_files": ("test_*.py", "*_test.py"),
    "python_classes": ("Test",),
    "python_functions": ("test",),
}
"""Settings whose entries name what is a test, with pytest's defaults."""

_LEFT_OUT = {
    "norecursedirs": (
        *("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}"),
    )
}
"""Settings whose entries name what is left out, with pytest's defaults."""

_FLAGS = {
    "strict_config": ("strict_config", "strict"),
    "strict_markers": ("strict_markers", "strict"),
    "xfail_strict": ("strict_xfail", "xfail_strict", "strict"),
}
"""Settings that make more tests fail, each with the names in pytest's files that set it."""

_FLAG_OPTIONS = {
    "--strict-config": "strict_config",
    "--strict-markers": "strict_markers",
    "--strict": "strict_markers",
}
_WARNINGS = "filterwarnings"
_EMPTY, _FAIL = "empty_parameter_set_mark", "fail_at_collect"

Settings = Mapping[str, Sequence[str]]
"""pytest's settings in force by key, each as a list of entries; a flag is `true` or `false`.

`options` are those that leave tests out, each as a user would write it.
"""


def read_pytest_settings(texts: Callable[[str], str | None], where: str) -> Settings:
    """Read the settings of pytest's file, of which a repository may have none.

    Args:
        texts: Returns the text of a file at the root, or None if there is none.
        where: The version of the files, for the error.

    Raises:
        ConfigError: A file can't be parsed.
    """
    for name in _FILES:
        if (text := texts(name)) is None:
            continue
        try:
            section = _parse(name, text)
            if section is not None:
                return _in_force(section)
        except (configparser.Error, tomllib.TOMLDecodeError, ValueError) as error:
            msg = f"{name}{where}: pytest's settings can't be parsed: {error}"
            raise ConfigError(msg) from error
    return _in_force({})


def find_weaker_settings(before: Settings, after: Settings) -> Iterator[Finding]:
    """Compare two versions of pytest's settings; keys that one of them lacks are unknown."""
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        shown = f"pytest: {'addopts' if key == _OPTIONS_KEY else key}"
        if key in (_OPTIONS_KEY, *_LEFT_OUT):
            for entry in find_removed(new, old):
                yield Finding("selection-narrowed", shown, NONE, entry)
        elif key in _PATTERNS:
            for entry in find_removed(old, new):
                yield Finding("selection-narrowed", shown, entry, NONE)
        elif key in _FLAGS:
            if "true" in old and "true" not in new:
                yield Finding("setting-changed", shown, "true", "false")
        elif key == _WARNINGS:
            yield from _compare_warnings(shown, old, new)
        elif key == _EMPTY and _FAIL in old and _FAIL not in new:
            yield Finding("setting-changed", shown, _FAIL, ", ".join(new) or NONE)


def _compare_warnings(where: str, before: Sequence[str], after: Sequence[str]) -> Iterator[Finding]:
    """Find warnings that failed a test and do so no more, or that a new entry may let pass."""
    errors = [entry for entry in before if _is_error(entry)]
    for entry in find_removed(errors, after):
        yield Finding("setting-changed", where, entry, NONE)
    if errors:
        for entry in find_removed(after, before):
            if not _is_error(entry):
                yield Finding("setting-changed", where, NONE, entry)


def _is_error(entry: str) -> bool:
    return entry.partition(":")[0] == "error"


def _parse(name: str, text: str) -> Mapping[str, Any] | None:
    """Return pytest's section of a file; None if pytest would look at the next file."""
    section: Mapping[str, Any] | None
    if name.endswith(".toml"):
        document = tomllib.loads(text)
        if name != "pyproject.toml":
            section = document.get("pytest", {})
        else:
            pytest = document.get("tool", {}).get("pytest")
            section = pytest and pytest.get("ini_options", pytest)
        return section
    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    parser.read_string(text)
    wanted = "tool:pytest" if name == "setup.cfg" else "pytest"
    if wanted in parser:
        return parser[wanted]
    return {} if name.lstrip(".") == "pytest.ini" else None


def _in_force(section: Mapping[str, Any]) -> Settings:
    """Return the settings that a section of a file, with pytest's defaults, puts in force."""
    addopts = _words(section.get("addopts", ()))
    set_by_option = {flag for word, flag in _FLAG_OPTIONS.items() if word in addopts}
    lists = {
        key: _words(section[key]) if key in section else default
        for key, default in {**_PATTERNS, **_LEFT_OUT}.items()
    }
    flags = {
        flag: ["true"] if flag in set_by_option or _is_set(section, names) else ["false"]
        for flag, names in _FLAGS.items()
    }
    return {
        _OPTIONS_KEY: [*_list_options(addopts)],
        **lists,
        **flags,
        _WARNINGS: _lines(section.get(_WARNINGS, ())),
        _EMPTY: _words(section.get(_EMPTY, ())),
    }


def _is_set(section: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Return the flag that the first of these names sets."""
    values = [section[name] for name in names if name in section]
    return bool(values) and str(values[0]).strip().lower() in {"1", "yes", "true", "on"}


def _words(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return shlex.split(value)
    return [str(word) for word in value] if isinstance(value, list) else []


def _lines(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return [line.strip() for line in value.splitlines() if line.strip()]
    return _words(value)


def _list_options(words: Sequence[str]) -> Iterator[str]:
    """List the options that leave tests out, each as a user would write it."""
    pending = list(words)
    while pending:
        word = pending.pop(0)
        for option in _OPTIONS:
            if word == option and pending:
                yield f"{option} {pending.pop(0)!r}"
            elif word.startswith(f"{option}="):
                yield f"{option} {word.partition('=')[2]!r}"
            elif not option.startswith("--") and word.startswith(option) and word != option:
                yield f"{option} {word[2:]!r}"
