"""The table: `[tool.covernance]` in pyproject.toml, each key declared once."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import msgspec

from covernance.config.keys import Declaration, Key, declared_keys
from covernance.config.kinds import (
    CHOICE,
    COUNT,
    EXPRESSION,
    FILE,
    FLAG,
    FLOOR,
    FLOORS_BY_FILE,
    FLOORS_BY_THEME,
    IGNORED_PATHS,
    LIMIT,
    LIMITS_BY_THEME,
    SECTION,
    SOURCES,
    SUITES,
    TEST_PATHS,
    TEXT,
    TEXTS,
    THEMES,
    WRITTEN_FILE,
    Weakening,
)
from covernance.config.stores import StoreName, describe_stores
from covernance.config.suggestions import did_you_mean
from covernance.errors import ConfigError

LONGEST_REVIEW = 3650
"""The highest value of `exceptions.review-days`, in days."""

_NonNegative = Annotated[int, msgspec.Meta(ge=0)]
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Period = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_REVIEW)]
_NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """A component and its tests: `[tool.covernance.suites.<name>]`.

    Attributes:
        name: Used in `tests_unit_<name>`, `--suite <name>` and `coverage/<name>.json`.
    """

    name: str
    source: Annotated[
        tuple[str, ...],
        Key(SOURCES, "The folders, or single `.py` files, to measure. Each belongs to one suite."),
    ]
    tests: Annotated[tuple[str, ...], Key(TEST_PATHS, "Where to collect tests.")]
    themes: Annotated[
        tuple[str, ...],
        Key(THEMES, "The themes that must each have tests in this suite.", inherits=True),
    ]
    select: Annotated[
        str | None,
        Key(
            EXPRESSION,
            'The tests that belong to the suite, as for `pytest -m`: `"not slow"`. It is joined '
            "with a `-m` in pytest's own settings. A `-m` after `--` replaces both for one run.",
        ),
    ] = None
    ignore: Annotated[
        tuple[str, ...],
        Key(
            IGNORED_PATHS,
            "Folders and files below `tests` that do not belong to the suite, as for "
            "`pytest --ignore`.",
        ),
    ] = ()
    fail_under: Annotated[
        Decimal,
        Key(
            FLOOR,
            "The lowest raw coverage of a suite: everything its tests execute. Compared exactly.",
            inherits=True,
        ),
    ] = Decimal(90)
    theme_floors: Annotated[
        dict[str, Decimal],
        Key(
            FLOORS_BY_THEME,
            "The lowest earned coverage per theme: what its tests execute beyond imports.",
        ),
    ] = {}
    file_floors: Annotated[
        dict[str, Decimal],
        Key(
            FLOORS_BY_FILE,
            "The lowest raw coverage of single files. A `*` also matches across folders.",
        ),
    ] = {}
    max_drop: Annotated[
        Decimal,
        Key(
            LIMIT,
            "How far the raw coverage, and what each theme earns, may fall since the base.",
            inherits=True,
            governs=True,
        ),
    ] = Decimal(2)
    theme_max_drop: Annotated[
        dict[str, Decimal],
        Key(
            LIMITS_BY_THEME,
            "How far what a theme earns may fall since the base.",
            fallback="max-drop",
            governs=True,
        ),
    ] = {}
    patch_max_drop: Annotated[
        Decimal,
        Key(
            LIMIT,
            "How far the patch coverage of a change may be below that of the change before it. "
            "100 turns the check off.",
            inherits=True,
            governs=True,
        ),
    ] = Decimal(2)
    patch_fail_under: Annotated[
        Decimal,
        Key(
            FLOOR,
            "The lowest patch coverage: how many of the lines and branches that a change adds or "
            "edits must run.",
            inherits=True,
            governs=True,
        ),
    ] = Decimal(90)
    shards: Annotated[
        _Positive,
        Key(
            COUNT,
            "How many jobs of the CI matrix share the suite's tests.",
            harmless="merged shards must have run every test",
        ),
    ] = 1
    xdist: Annotated[
        bool,
        Key(
            FLAG,
            "Whether pytest-xdist may run tests of one theme in parallel on idle cores.",
            harmless="decides in how many processes tests run, not which tests run",
        ),
    ] = False
    requirements: Annotated[
        str | None,
        Key(
            FILE,
            "The frozen requirements of the suite's nox session.",
            harmless="decides what is installed, not what is required of the code",
        ),
    ] = None
    python: Annotated[
        _NonEmpty | None,
        Key(
            TEXT,
            "The interpreter of the suite's environment: a path, or a version that uv or `PATH` "
            "finds.",
            harmless="decides where tests run, not which tests run or what must be covered",
        ),
    ] = None

    @property
    def identifier(self) -> str:
        """The name as a Python identifier; in upper case, part of environment variable names."""
        return self.name.replace("-", "_")

    @property
    def session(self) -> str:
        """The name of its nox session."""
        return f"tests_unit_{self.identifier}"


class HistorySettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where snapshots of earlier runs are stored: `[tool.covernance.history]`."""

    store: Annotated[
        StoreName,
        Key(
            CHOICE,
            f"The store of snapshots: {describe_stores()}.",
            governs=True,
        ),
    ] = "directory"
    branch: Annotated[
        str,
        Key(TEXT, "The branch of the git store.", governs=True),
    ] = "coverage-history"
    remote: Annotated[
        str,
        Key(
            TEXT,
            "The remote that the git store fetches from and pushes to.",
            governs=True,
        ),
    ] = "origin"
    keep: Annotated[
        _Positive,
        Key(
            COUNT,
            "How many snapshots to store per suite and branch.",
            harmless="without a stored base the guard fails",
        ),
    ] = 50
    carry_days: Annotated[
        _NonNegative,
        Key(
            COUNT,
            "How many days old a stored result may be that is used for a suite that a change does "
            "not affect. 0 turns this off.",
            weakened_by=Weakening.HIGHER,
        ),
    ] = 14


class ExceptionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The exception register: `[tool.covernance.exceptions]`."""

    register: Annotated[
        str,
        Key(
            WRITTEN_FILE,
            "The path of the exception register.",
            governs=True,
        ),
    ] = "tests/docs/test_framework_upgrades/coverage_exceptions.md"
    owner: Annotated[
        str,
        Key(
            TEXT,
            "Who owns a new row if CODEOWNERS names nobody.",
            governs=True,
        ),
    ] = ""
    review_days: Annotated[
        _Period,
        Key(
            COUNT,
            "How many days after its creation a row expires. No review date may be more than twice "
            "as many days ahead.",
            governs=True,
            weakened_by=Weakening.HIGHER,
        ),
    ] = 90


class ReuseSettings(msgspec.Struct, frozen=True, kw_only=True):
    """When the result of a suite's last passing run is reused: `[tool.covernance.reuse]`."""

    environment: Annotated[
        tuple[str, ...],
        Key(
            TEXTS,
            "Environment variables; if one changes, every suite runs.",
            weakened_by=Weakening.REMOVAL,
        ),
    ] = ()
    files: Annotated[
        tuple[str, ...],
        Key(
            TEXTS,
            "Files and folders that tests depend on but that can't be traced, such as those that a "
            "library written in C opens.",
            weakened_by=Weakening.REMOVAL,
        ),
    ] = ()
    max_age_days: Annotated[
        _NonNegative,
        Key(
            COUNT,
            "How many days old a reused result may be. 0 turns reuse off.",
            weakened_by=Weakening.HIGHER,
        ),
    ] = 7


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """The complete table: `[tool.covernance]`.

    Attributes:
        root: The folder of pyproject.toml.
    """

    root: Path
    themes: Annotated[
        tuple[str, ...],
        Key(THEMES, "Every theme, in the order of the reports. A theme is a pytest marker."),
    ]
    suites: Annotated[tuple[Suite, ...], Key(SUITES, "Every suite, in the order of the reports.")]
    default_branch: Annotated[
        _NonEmpty | None,
        Key(
            TEXT,
            "The branch that changes are compared with; by default that of `origin/HEAD`, else "
            "`main`. A change is compared with the branch that its base names.",
            governs=True,
        ),
    ] = None
    patch_min_lines: Annotated[
        _NonNegative,
        Key(
            COUNT,
            "With fewer changed statements, patch coverage is reported but never fails.",
            governs=True,
            weakened_by=Weakening.HIGHER,
        ),
    ] = 5
    soft_in_ci: Annotated[
        bool,
        Key(
            FLAG,
            "Whether `--soft` and `COVERAGE_SOFT` may let a failed gate pass in CI. Failed tests "
            "and missing results never pass.",
            governs=True,
        ),
    ] = False
    history: Annotated[
        HistorySettings,
        Key(SECTION, "Where snapshots of earlier runs are stored.", harmless="see its keys"),
    ] = HistorySettings()
    exceptions: Annotated[
        ExceptionSettings, Key(SECTION, "The exception register.", harmless="see its keys")
    ] = ExceptionSettings()
    reuse: Annotated[
        ReuseSettings,
        Key(SECTION, "When the result of an earlier run is reused.", harmless="see its keys"),
    ] = ReuseSettings()

    def suite(self, name: str) -> Suite:
        """Return the suite called `name`.

        Raises:
            ConfigError: There is none; the message lists all suites.
        """
        for suite in self.suites:
            if suite.name == name:
                return suite
        known = [suite.name for suite in self.suites]
        msg = f"there is no suite {name!r}{did_you_mean(name, known)}; suites: {', '.join(known)}"
        raise ConfigError(msg)

    def digest(self) -> str:
        """Return the SHA-256 of the table's content, which does not depend on the root folder."""
        without_root = msgspec.structs.replace(self, root=Path())
        content = msgspec.json.encode(without_root, order="sorted", enc_hook=str)
        return hashlib.sha256(content).hexdigest()


SUITE_KEYS = declared_keys(Suite)
"""The keys of `[tool.covernance.suites.<name>]`."""

TABLE_KEYS: tuple[Declaration, ...] = (
    *declared_keys(Table),
    *(
        key
        for key in SUITE_KEYS
        if key.key.inherits and key.name not in {own.name for own in declared_keys(Table)}
    ),
)
"""The keys of `[tool.covernance]`, including those that suites inherit."""

SECTION_KEYS = {key.name: declared_keys(key.type) for key in TABLE_KEYS if key.kind is SECTION}
"""The keys of `[tool.covernance.<section>]` by the section's name."""
