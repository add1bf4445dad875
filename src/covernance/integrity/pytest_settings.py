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
_WARNING_OPTIONS = ("-W", "--pythonwarnings")
_TOLERANCE = "tolerance"
_HOOKS = "hooks"
_TOLERANT = ("--reruns", "--retries")
_FAIL_NOTHING = {
    *("cacheprovider", "debugging", "faulthandler", "hypothesispytest", "logging", "pastebin"),
    *("pytest_cov", "random_order", "randomly", "stepwise", "sugar", "terminal", "tmpdir", "xdist"),
    *("xdist.looponfail",),
}
"""Plugins without which the same tests fail."""
_EMPTY, _FAIL = "empty_parameter_set_mark", "fail_at_collect"

Settings = Mapping[str, Sequence[str]]
"""pytest's settings in force by key, each as a list of entries; a flag is `true` or `false`.

`options` are those that leave tests out, and `tolerance` those with which fewer tests fail, each as
a user would write it. `hooks` are those of the project that decide how tests end; only a run
records them.
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
        except (configparser.Error, tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
            msg = f"{name}{where}: pytest's settings can't be parsed: {error}"
            raise ConfigError(msg) from error
    return _in_force({})


def find_weaker_settings(before: Settings, after: Settings) -> Iterator[Finding]:
    """Compare two versions of pytest's settings; keys that one of them lacks are unknown."""
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        if key in (_OPTIONS_KEY, *_LEFT_OUT, *_PATTERNS):
            yield from _compare_selections(key, old, new)
        else:
            yield from _compare_gates(key, old, new)


def _compare_selections(key: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Finding]:
    if key in _PATTERNS:
        for entry in find_removed(old, new):
            yield Finding("selection-narrowed", f"pytest: {key}", entry, NONE)
        return
    where = "pytest: addopts" if key == _OPTIONS_KEY else f"pytest: {key}"
    for entry in find_removed(new, old):
        yield Finding("selection-narrowed", where, NONE, entry)


def _compare_gates(key: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Finding]:
    where = f"pytest: {key}"
    if key in (_TOLERANCE, _HOOKS):
        where = "pytest: addopts" if key == _TOLERANCE else where
        for entry in find_removed(new, old):
            yield Finding("setting-changed", where, NONE, entry)
    elif key == _WARNINGS:
        yield from _compare_warnings(where, old, new)
    elif key in _FLAGS and "true" in old and "true" not in new:
        yield Finding("setting-changed", where, "true", "false")
    elif key == _EMPTY and _FAIL in old and _FAIL not in new:
        yield Finding("setting-changed", where, _FAIL, ", ".join(new) or NONE)


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
        _OPTIONS_KEY: [f"{option} {value!r}" for option, value in _find(addopts, _OPTIONS)],
        _TOLERANCE: [*_list_tolerant(addopts)],
        **lists,
        **flags,
        _WARNINGS: [
            *_lines(section.get(_WARNINGS, ())),
            *(value for _, value in _find(addopts, _WARNING_OPTIONS)),
        ],
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


def _list_tolerant(words: Sequence[str]) -> Iterator[str]:
    """List the options with which fewer tests fail, each as a user would write it."""
    yield from (f"{option} {value}" for option, value in _find(words, _TOLERANT))
    yield from ("--assert plain" for _, value in _find(words, ("--assert",)) if value == "plain")
    for _, plugin in _find(words, ("-p",)):
        if plugin.startswith("no:") and plugin[3:].replace("-", "_") not in _FAIL_NOTHING:
            yield f"-p {plugin}"


def _find(words: Sequence[str], options: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Find options with their values among the words of a command line."""
    pending = list(words)
    while pending:
        word = pending.pop(0)
        for option in options:
            if word == option and pending:
                yield option, pending.pop(0)
            elif word.startswith(f"{option}="):
                yield option, word.partition("=")[2]
            elif not option.startswith("--") and word.startswith(option) and word != option:
                yield option, word[2:]
