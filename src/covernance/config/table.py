"""The table: `[tool.covernance]` in pyproject.toml, read strictly."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from covernance.errors import ConfigError

UNTHEMED = "unthemed"
"""The pass for tests that carry no theme; not a theme itself."""

BASELINE = "baseline"
"""The name under which the results of all suites together are kept."""

_THEME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SUITE = re.compile(r"[a-z][a-z0-9_-]*")
_RESERVED_THEMES = {UNTHEMED, "unit", "run", "total", "patch", "and", "or", "not", "default"}
_RESERVED_SUITES = {
    *(BASELINE, "all", "data", "html", "partial", "parts", "plan", "history", "badges"),
}
_WHOLE = 100
_UNKNOWN = re.compile(r"unknown field `(.+)`")
_WHERE = "pyproject.toml: [tool.covernance]"


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A component and the tests that govern it.

    Attributes:
        name: As users type it: `tests_unit_<name>`, `--suite <name>`, `coverage/<name>.json`.
        source: Folders that are measured, relative to the root.
        tests: Folders or files that are collected, relative to the root.
        themes: The themes that must each have tests here.
        fail_under: The least raw percentage, 0 to 100, compared exactly.
        theme_floors: The least earned percentage of a theme, where it has a floor.
        file_floors: The least raw percentage of files, by path or glob (`*` crosses folders).
        max_drop: How many percentage points a number may fall since the base.
        theme_max_drop: The same for what a theme earns, where it has a limit of its own.
        patch_max_drop: How many percentage points the patch coverage of a change may lie below
            that of the change before it.
        patch_fail_under: The least percentage of a change's lines and branches that must run.
        shards: Over how many jobs of a matrix its tests are split.
        xdist: Whether pytest-xdist may run tests of one theme at the same time.
        requirements: The frozen requirements of the suite's session, or None.
        python: The interpreter of the suite's environment, a path or a version, or None.
    """

    name: str
    source: tuple[str, ...]
    tests: tuple[str, ...]
    themes: tuple[str, ...]
    fail_under: Decimal
    theme_floors: dict[str, Decimal] = {}
    file_floors: dict[str, Decimal] = {}
    max_drop: Decimal = Decimal(2)
    theme_max_drop: dict[str, Decimal] = {}
    patch_max_drop: Decimal = Decimal(2)
    patch_fail_under: Decimal = Decimal(90)
    shards: int = 1
    xdist: bool = False
    requirements: str | None
    python: str | None = None

    @property
    def identifier(self) -> str:
        """The name as a Python identifier and, in upper case, as part of a variable's name."""
        return self.name.replace("-", "_")

    @property
    def session(self) -> str:
        """The name of its nox session."""
        return f"tests_unit_{self.identifier}"


class HistorySettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"
):
    """Where snapshots of earlier runs are kept.

    Attributes:
        store: `directory` (coverage/history/) or `git` (a branch).
        branch: The branch of the git store.
        remote: The remote that the git store fetches from and pushes to.
        keep: How many snapshots of a suite and branch are kept.
        carry_days: How many days old a result may be that stands for a suite that a change does
            not touch; 0 for none.
    """

    store: Literal["directory", "git"] = "directory"
    branch: str = "coverage-history"
    remote: str = "origin"
    keep: Annotated[int, msgspec.Meta(ge=1)] = 50
    carry_days: Annotated[int, msgspec.Meta(ge=0)] = 14


class ExceptionSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"
):
    """The exception register.

    Attributes:
        register: Its path, relative to the root.
        owner: Who owns a new row where CODEOWNERS names nobody.
        review_days: How many days after its opening a new row is due.
    """

    register: str = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
    owner: str = ""
    review_days: Annotated[int, msgspec.Meta(ge=1)] = 90


class ReuseSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"
):
    """What a suite's last green full run depends on beyond what can be traced.

    Attributes:
        environment: Names of variables; a change of one makes every suite run.
        files: Files and folders, relative to the root, that no trace sees: those that a library
            opens by itself.
        max_age_days: How old a reused result may be; 0 for no reuse.
    """

    environment: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    max_age_days: Annotated[int, msgspec.Meta(ge=0)] = 7


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The whole table.

    Attributes:
        root: The folder of pyproject.toml.
        themes: Every theme, in the order of the reports.
        suites: Every suite, in the order of the reports.
        default_branch: The branch that changes are compared with.
        patch_min_lines: Below so many changed lines, patch coverage informs and does not judge.
        history: Where earlier snapshots are kept.
        exceptions: The exception register.
        reuse: When a result is reused.
    """

    root: Path
    themes: tuple[str, ...]
    suites: tuple[Suite, ...]
    default_branch: str = "main"
    patch_min_lines: int = 5
    history: HistorySettings = HistorySettings()
    exceptions: ExceptionSettings = ExceptionSettings()
    reuse: ReuseSettings = ReuseSettings()

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
        placeless = msgspec.structs.replace(self, root=Path())
        content = msgspec.json.encode(placeless, order="sorted", enc_hook=str)
        return hashlib.sha256(content).hexdigest()


class _RawSuite(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    source: list[str]
    tests: list[str]
    requirements: str | None = None
    python: str | None = None
    themes: list[str] | None = None
    fail_under: Any = None
    theme_floors: dict[str, Any] = {}
    file_floors: dict[str, Any] = {}
    max_drop: Any = None
    theme_max_drop: dict[str, Any] = {}
    patch_max_drop: Any = None
    patch_fail_under: Any = None
    shards: Annotated[int, msgspec.Meta(ge=1)] = 1
    xdist: bool = False


class _RawTable(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", kw_only=True):
    themes: list[str]
    suites: dict[str, dict[str, Any]]
    fail_under: Any = 90
    max_drop: Any = 2
    patch_max_drop: Any = 2
    patch_fail_under: Any = 90
    patch_min_lines: Annotated[int, msgspec.Meta(ge=0)] = 5
    default_branch: str = "main"
    history: dict[str, Any] = {}
    exceptions: dict[str, Any] = {}
    reuse: dict[str, Any] = {}


_Raw = TypeVar("_Raw", _RawSuite, _RawTable, HistorySettings, ExceptionSettings, ReuseSettings)


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
    defaults = _Defaults(
        fail_under=_floor(raw.fail_under, f"{_WHERE} fail-under"),
        max_drop=_floor(raw.max_drop, f"{_WHERE} max-drop"),
        patch_max_drop=_floor(raw.patch_max_drop, f"{_WHERE} patch-max-drop"),
        patch_fail_under=_floor(raw.patch_fail_under, f"{_WHERE} patch-fail-under"),
    )
    if not raw.suites:
        msg = f"{_WHERE} suites: is empty; add one [tool.covernance.suites.<name>] a component"
        raise ConfigError(msg)
    suites = tuple(
        _suite(root, name, entry, themes, defaults) for name, entry in raw.suites.items()
    )
    _refuse_shared(suites)
    return Table(
        root=root,
        themes=themes,
        suites=suites,
        default_branch=raw.default_branch,
        patch_min_lines=raw.patch_min_lines,
        history=_convert(raw.history, HistorySettings, f"{_WHERE} history"),
        exceptions=_convert(raw.exceptions, ExceptionSettings, f"{_WHERE} exceptions"),
        reuse=_convert(raw.reuse, ReuseSettings, f"{_WHERE} reuse"),
    )


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


class _Defaults(msgspec.Struct, frozen=True, kw_only=True):
    fail_under: Decimal
    max_drop: Decimal
    patch_max_drop: Decimal
    patch_fail_under: Decimal


def _suite(
    root: Path, name: str, entry: object, themes: tuple[str, ...], defaults: _Defaults
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
    return Suite(
        name=name,
        source=_folders(root, raw.source, f"{where}.source"),
        tests=_paths(root, raw.tests, f"{where}.tests"),
        themes=own,
        fail_under=_own(raw.fail_under, defaults.fail_under, f"{where}.fail-under"),
        theme_floors=_by_theme(raw.theme_floors, own, f"{where}.theme-floors"),
        file_floors=_floors(raw.file_floors, f"{where}.file-floors"),
        max_drop=_own(raw.max_drop, defaults.max_drop, f"{where}.max-drop"),
        theme_max_drop=_by_theme(raw.theme_max_drop, own, f"{where}.theme-max-drop"),
        patch_max_drop=_own(raw.patch_max_drop, defaults.patch_max_drop, f"{where}.patch-max-drop"),
        patch_fail_under=_own(
            raw.patch_fail_under, defaults.patch_fail_under, f"{where}.patch-fail-under"
        ),
        shards=raw.shards,
        xdist=raw.xdist,
        requirements=raw.requirements,
        python=raw.python,
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


def _own(value: object, default: Decimal, where: str) -> Decimal:
    return default if value is None else _floor(value, where)


def _floors(values: dict[str, Any], where: str) -> dict[str, Decimal]:
    return {name: _floor(value, f"{where}.{name}") for name, value in values.items()}


def _by_theme(values: dict[str, Any], themes: Sequence[str], where: str) -> dict[str, Decimal]:
    for theme in values:
        if theme not in themes:
            msg = f"{where}: {theme!r} is not among the suite's themes"
            raise ConfigError(msg + _did_you_mean(theme, themes))
    return _floors(values, where)


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


def _folders(root: Path, paths: list[str], where: str) -> tuple[str, ...]:
    """coverage.py takes a source that is no folder for the name of a package."""
    found = _paths(root, paths, where)
    for path in found:
        if not (root / path).is_dir():
            msg = f"{where}: {path!r} is a file; name the folder that holds what is measured"
            raise ConfigError(msg)
    return found


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
    claimed: dict[Path, tuple[str, Path]] = {}
    holding: dict[Path, tuple[str, Path]] = {}
    for suite in suites:
        for path in map(Path, suite.source):
            above = (claimed[folder] for folder in (path, *path.parents) if folder in claimed)
            if other := next(above, holding.get(path)):
                msg = (
                    f"{_WHERE} suites.{suite.name}.source: {path.as_posix()!r} is already claimed "
                    f"by suites.{other[0]}.source ({other[1].as_posix()!r}); a line counts in one "
                    "suite"
                )
                raise ConfigError(msg)
            claimed[path] = (suite.name, path)
            for folder in path.parents:
                holding.setdefault(folder, (suite.name, path))
    identifiers: dict[str, str] = {}
    for suite in suites:
        other_suite = identifiers.setdefault(suite.identifier, suite.name)
        if other_suite != suite.name:
            msg = f"{_WHERE} suites.{suite.name}: makes the same session name as {other_suite!r}"
            raise ConfigError(msg)


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
