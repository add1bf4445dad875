"""The description of a suite's environment, which the agent sends before tests run."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter and the environment that it belongs to.

    Attributes:
        executable: The path with which the interpreter was started.
        version: `sys.version`.
        python: The version number: `3.11.7`.
        platform: The operating system and the architecture: `linux-x86_64`.
        system: The operating system in full, with its version.
        prefix: The folder of the environment.
        library: The interpreter's shared library, or "".
        path: `sys.path`, as absolute paths.
        installed: The folders in which distributions are installed.
        standard_library: The folders of the standard library.
        packages: The versions of coverage and pytest.
    """

    executable: str
    version: str
    python: str
    platform: str
    system: str
    prefix: str
    library: str
    path: tuple[str, ...]
    installed: tuple[str, ...]
    standard_library: tuple[str, ...]
    packages: dict[str, str]


class GivenArguments(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of a user's arguments, as parsed by pytest.

    Attributes:
        expression: The user's `-m`, which replaces that of the project, as in pytest.
        paths: Files, folders and node ids that replace the suite's own.
        narrowing: Arguments that leave tests out, as a user would write them.
        unknown: Options of plugins and conftest files, which may leave tests out.
        interactive: Whether pytest needs the terminal.
        spreads: Whether the user sets the number of processes that run the tests of a pass.
    """

    expression: str | None = None
    paths: tuple[str, ...] = ()
    narrowing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    interactive: bool = False
    spreads: bool = False


class Prepare(msgspec.Struct, frozen=True, kw_only=True, tag_field="task", tag="prepare"):
    """The task to describe an environment, and to generate coverage.py's settings for the run.

    Attributes:
        source: The suite's sources.
        tests: The suite's tests.
        select: The suite's marker expression, to be checked; None if it has none.
        folder: The folder for the generated settings, or None to generate none.
        arguments: The user's arguments for pytest, to be parsed with those in `PYTEST_ADDOPTS`;
            None to parse none.
    """

    source: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    select: str | None = None
    folder: Path | None = None
    arguments: tuple[str, ...] | None = None


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An environment that is ready to measure a suite.

    Attributes:
        environment: The description of the environment.
        plugins: The modules of installed pytest plugins that the tool supports.
        settings: The file with coverage.py's generated settings for this run.
        notes: One line per setting of the user that the run had to replace.
        fail_under: The floor in coverage.py's settings, in percent, which the run does not check.
        arguments: The meaning of the user's arguments, if any were given.
    """

    environment: Environment
    plugins: tuple[str, ...] = ()
    settings: str | None = None
    notes: tuple[str, ...] = ()
    fail_under: float = 0
    arguments: GivenArguments | None = None
