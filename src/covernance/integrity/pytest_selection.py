"""Find changes of pytest's own settings by which it collects or selects fewer tests.

The texts of the settings are compared. What conftest files and plugins leave out is known only from
results: a test of the base's result that is gone is a finding as well.
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
_PATTERNS = {
    "python_files": ("test_*.py", "*_test.py"),
    "python_classes": ("Test",),
    "python_functions": ("test",),
}
"""Settings whose entries name what is a test, with pytest's defaults."""

_SKIPPED = {
    "norecursedirs": (
        *("*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}"),
    )
}
"""Settings whose entries name what is left out, with pytest's defaults."""

Settings = Mapping[str, Sequence[str]]
"""pytest's settings by key, each as a list of words."""


def read_pytest_settings(texts: Callable[[str], str | None], where: str) -> Settings:
    """Read the settings in force, of which a repository may have none.

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
                return {key: _words(value) for key, value in section.items()}
        except (configparser.Error, tomllib.TOMLDecodeError, ValueError) as error:
            msg = f"{name}{where}: pytest's settings can't be parsed: {error}"
            raise ConfigError(msg) from error
    return {}


def find_narrowed_selections(before: Settings, after: Settings) -> Iterator[Finding]:
    """Compare two versions of pytest's settings."""
    old, new = ([*_list_options(settings.get("addopts", ()))] for settings in (before, after))
    for option in find_removed(new, old):
        yield Finding("selection-narrowed", "pytest: addopts", NONE, option)
    for key, default in _PATTERNS.items():
        for entry in find_removed(before.get(key, default), after.get(key, default)):
            yield Finding("selection-narrowed", f"pytest: {key}", entry, NONE)
    for key, default in _SKIPPED.items():
        for entry in find_removed(after.get(key, default), before.get(key, default)):
            yield Finding("selection-narrowed", f"pytest: {key}", NONE, entry)


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


def _words(value: object) -> Sequence[str]:
    if isinstance(value, str):
        return shlex.split(value)
    return [str(word) for word in value] if isinstance(value, list) else []


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
