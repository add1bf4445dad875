"""The table: `[tool.covernance]` in pyproject.toml, read strictly."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from covernance.errors import ConfigError

UNTHEMED = "unthemed"
"""The pass for tests that carry no theme; not a theme itself."""

BASELINE = "baseline"
"""The name under which the results of all suites together are kept."""

_THEME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUITE = re.compile(r"[a-z][a-z0-9_-]*")
_RESERVED_THEMES = {UNTHEMED, "unit", "run", "and", "or", "not", "default"}
_RESERVED_SUITES = {BASELINE, "all", "data", "html", "partial", "history", "badges"}
_WHOLE = 100
_UNKNOWN = re.compile(r"unknown field `(.+)`")
_WHERE = "pyproject.toml: [tool.covernance]"


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A component and the tests that govern it.

    Attributes:
        name: As users type it: `tests_unit_<name>`, `--suite <name>`, `coverage/<name>.json`.
        source: Folders or files that are measured, relative to the root.
        tests: Folders or files that are collected, relative to the root.
        themes: The themes that must each have tests here.
        fail_under: The least raw percentage, 0 to 100, compared exactly.
        requirements: The frozen requirements of the suite's session, or None.
    """

    name: str
    source: tuple[str, ...]
    tests: tuple[str, ...]
    themes: tuple[str, ...]
    fail_under: Decimal
    requirements: str | None

    @property
    def identifier(self) -> str:
        """The name as a Python identifier and, in upper case, as part of a variable's name."""
        return self.name.replace("-", "_")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The whole table; `root` is the folder of pyproject.toml."""

    root: Path
    themes: tuple[str, ...]
    suites: tuple[Suite, ...]

    def suite(self, name: str) -> Suite:
        """Return the suite called `name`.

        Raises:
            ConfigError: There is none; the message lists those there are.
        """
        for suite in self.suites:
            if suite.name == name:
                return suite
        known = [suite.name for suite in self.suites]
        msg = f"there is no suite {name!r}{_did_you_mean(name, known)}; suites: {', '.join(known)}"
        raise ConfigError(msg)

    def digest(self) -> str:
        """A SHA-256 of what the table says, the same wherever the repository lies."""
        content = msgspec.json.encode((self.themes, self.suites), order="sorted")
        return hashlib.sha256(content).hexdigest()


class _RawSuite(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    source: list[str]
    tests: list[str]
    requirements: str | None = None
    themes: list[str] | None = None
    fail_under: Any = None


class _RawTable(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    themes: list[str]
    suites: dict[str, dict[str, Any]]
    fail_under: Any = 90


_Raw = TypeVar("_Raw", _RawSuite, _RawTable)


def find_root(start: Path) -> Path:
    """Return the nearest folder, from `start` upwards, whose pyproject.toml has the table.

    Raises:
        ConfigError: No folder on the way to the file system's root has one.
    """
    for folder in (start, *start.parents):
        candidate = folder / "pyproject.toml"
        if candidate.is_file() and "covernance" in _read(candidate).get("tool", {}):
            return folder
    msg = (
        f"no pyproject.toml with a [tool.covernance] table in {start} or above it; "
        "add one with `themes` and one [tool.covernance.suites.<name>] a component"
    )
    raise ConfigError(msg)


def load(root: Path) -> Table:
    """Read and check the table of the repository at `root`.

    Raises:
        ConfigError: Any mistake in it; the message names the key and what to do.
    """
    document = _read(root / "pyproject.toml").get("tool", {}).get("covernance")
    if document is None:
        msg = f"{root / 'pyproject.toml'}: has no [tool.covernance] table"
        raise ConfigError(msg)
    raw = _convert(document, _RawTable, _WHERE)
    themes = _themes(raw.themes, _WHERE)
    default = _floor(raw.fail_under, f"{_WHERE} fail-under")
    if not raw.suites:
        msg = f"{_WHERE} suites: is empty; add one [tool.covernance.suites.<name>] a component"
        raise ConfigError(msg)
    suites = tuple(_suite(root, name, entry, themes, default) for name, entry in raw.suites.items())
    _refuse_shared(suites)
    return Table(root=root, themes=themes, suites=suites)


def parse_floor(text: str, where: str) -> Decimal:
    """Read a floor that came as text (an option or a variable); `where` names it in the error.

    Raises:
        ConfigError: It is no number from 0 to 100.
    """
    try:
        value = Decimal(text)
    except ArithmeticError:
        msg = f"{where}: {text!r} is not a number; give a percentage from 0 to 100"
        raise ConfigError(msg) from None
    return _floor(value, where)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path}: is not valid TOML: {error}"
        raise ConfigError(msg) from error
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: can't be read: {error}"
        raise ConfigError(msg) from error


def _suite(
    root: Path, name: str, entry: object, themes: tuple[str, ...], default: Decimal
) -> Suite:
    where = f"{_WHERE} suites.{name}"
    if not _SUITE.fullmatch(name) or name in _RESERVED_SUITES:
        msg = (
            f"{where}: can't be a suite's name; use lower-case letters, digits, - and _, "
            f"a letter first, and none of {', '.join(sorted(_RESERVED_SUITES))}"
        )
        raise ConfigError(msg)
    raw = _convert(entry, _RawSuite, where)
    own = themes if raw.themes is None else _themes(raw.themes, where)
    for theme in own:
        if theme not in themes:
            msg = f"{where}.themes: {theme!r} is not among tool.covernance.themes"
            raise ConfigError(msg + _did_you_mean(theme, themes))
    if raw.requirements is not None:
        _existing(root, raw.requirements, f"{where}.requirements")
    floor = default if raw.fail_under is None else _floor(raw.fail_under, f"{where}.fail-under")
    return Suite(
        name=name,
        source=_paths(root, raw.source, f"{where}.source"),
        tests=_paths(root, raw.tests, f"{where}.tests"),
        themes=own,
        fail_under=floor,
        requirements=raw.requirements,
    )


def _convert(document: object, kind: type[_Raw], where: str) -> _Raw:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$").removeprefix(".")
        hint = ""
        if unknown := _UNKNOWN.search(text):
            known = [field.encode_name for field in msgspec.structs.fields(kind)]
            hint = _did_you_mean(unknown[1], known) or f"; known keys: {', '.join(known)}"
        msg = f"{where}{'.' + key if key else ''}: {text[0].lower()}{text[1:]}{hint}"
        raise ConfigError(msg) from None


def _themes(names: list[str], where: str) -> tuple[str, ...]:
    if not names:
        msg = f"{where}.themes: is empty; name at least one"
        raise ConfigError(msg)
    for name in names:
        if not _THEME.fullmatch(name) or name in _RESERVED_THEMES:
            msg = (
                f"{where}.themes: {name!r} can't be a theme; themes are pytest markers: letters, "
                f"digits and _, and none of {', '.join(sorted(_RESERVED_THEMES))}"
            )
            raise ConfigError(msg)
    _refuse_repeats(names, f"{where}.themes")
    return tuple(names)


def _floor(value: object, where: str) -> Decimal:
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        floor = Decimal(value)
        if floor.is_finite() and 0 <= floor <= _WHOLE:
            return floor
    msg = f"{where}: {value!r} is not a percentage; give a number from 0 to 100"
    raise ConfigError(msg)


def _paths(root: Path, paths: list[str], where: str) -> tuple[str, ...]:
    if not paths:
        msg = f"{where}: is empty; name at least one path"
        raise ConfigError(msg)
    cleaned = []
    for path in paths:
        _existing(root, path, where)
        if "," in path:
            msg = (
                f"{where}: {path!r} has a comma, which coverage.py takes for a separator; rename it"
            )
            raise ConfigError(msg)
        cleaned.append(Path(path).as_posix())
    _refuse_repeats(cleaned, where)
    return tuple(cleaned)


def _existing(root: Path, path: str, where: str) -> None:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        msg = f"{where}: {path!r} leaves the repository; give a path relative to pyproject.toml"
        raise ConfigError(msg)
    if not path or not (root / path).exists():
        msg = f"{where}: {path!r} is not there; correct the path or create it"
        raise ConfigError(msg)


def _refuse_repeats(values: list[str], where: str) -> None:
    for value in values:
        if values.count(value) > 1:
            msg = f"{where}: {value!r} is named twice; name it once"
            raise ConfigError(msg)


def _refuse_shared(suites: tuple[Suite, ...]) -> None:
    claims = [(Path(path), suite.name) for suite in suites for path in suite.source]
    for index, (path, name) in enumerate(claims):
        for other, other_name in claims[:index]:
            if path.is_relative_to(other) or other.is_relative_to(path):
                msg = (
                    f"{_WHERE} suites.{name}.source: {path.as_posix()!r} is already claimed by "
                    f"suites.{other_name}.source ({other.as_posix()!r}); a line counts in one suite"
                )
                raise ConfigError(msg)
    identifiers: dict[str, str] = {}
    for suite in suites:
        other_suite = identifiers.setdefault(suite.identifier, suite.name)
        if other_suite != suite.name:
            msg = f"{_WHERE} suites.{suite.name}: makes the same session name as {other_suite!r}"
            raise ConfigError(msg)


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
