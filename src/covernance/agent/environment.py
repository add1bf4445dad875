"""What the agent finds in a suite's environment before tests run there."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """An interpreter and the environment that it belongs to.

    Attributes:
        executable: The interpreter, as it was started.
        version: `sys.version`.
        python: The version alone: `3.11.7`.
        platform: The operating system and the architecture: `linux-x86_64`.
        system: The operating system in full, with its version.
        prefix: The folder of the environment.
        library: The interpreter's shared library, or "".
        path: `sys.path`, as absolute paths.
        installed: The folders in which distributions are installed.
        standard_library: The folders that the interpreter's version determines.
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
    """What a user's arguments mean to pytest.

    Attributes:
        expression: The user's `-m`, to be joined with the theme's.
        paths: Files, folders and node ids that replace the suite's own.
        narrowing: What leaves tests out, each as a user would write it.
        interactive: Whether pytest needs the terminal to itself.
        spreads: Whether the user says in how many processes a pass runs its tests.
        one_file: An option that names one file or folder, which passes can't share.
    """

    expression: str | None = None
    paths: tuple[str, ...] = ()
    narrowing: tuple[str, ...] = ()
    interactive: bool = False
    spreads: bool = False
    one_file: str | None = None


class Prepare(msgspec.Struct, frozen=True, kw_only=True, tag_field="task", tag="prepare"):
    """The task of describing an environment, and of laying the run's settings over its own.

    Attributes:
        source: The suite's sources.
        tests: The suite's tests.
        folder: Where the generated settings go, or None for none.
        arguments: The user's arguments for pytest, to be read.
    """

    source: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    folder: Path | None = None
    arguments: tuple[str, ...] = ()


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """An environment in which a suite can be measured.

    Attributes:
        environment: What it is.
        plugins: The modules of pytest's plugins that the tool makes use of and that are there.
        settings: The generated settings of coverage.py for this run.
        notes: A line on each setting in force that the run had to replace.
        arguments: What the user's arguments mean, where some were given.
    """

    environment: Environment
    plugins: tuple[str, ...] = ()
    settings: str | None = None
    notes: tuple[str, ...] = ()
    arguments: GivenArguments | None = None
