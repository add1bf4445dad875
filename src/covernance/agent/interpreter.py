"""Find the Python interpreter that runs a suite's tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from covernance.config import Suite, Table
from covernance.context import Context
from covernance.errors import ConfigError, InputError

_OF_ENVIRONMENT = Path("bin", "python")


def parse_interpreters(table: Table, values: tuple[str, ...]) -> dict[str, Path]:
    """Read `--python` options, `PATH` for every suite or `SUITE=PATH` for one.

    Args:
        table: The table.
        values: The options' values, with absolute paths.

    Returns:
        The interpreters by suite.

    Raises:
        ConfigError: A suite does not exist.
        InputError: A path does not exist.
    """
    for_all: dict[str, Path] = {}
    for_one: dict[str, Path] = {}
    for value in values:
        if value.startswith("/"):
            interpreter = _existing(Path(value), f"--python {value}")
            for_all = {suite.name: interpreter for suite in table.suites}
        else:
            name, _, path = value.partition("=")
            suite = table.suite(name)
            for_one[suite.name] = _existing(Path(path), f"--python {value}")
    return for_all | for_one


def find_interpreter(
    context: Context, suite: Suite, given: Mapping[str, Path] | None = None
) -> Path:
    """Find the Python of a suite's environment.

    It is the first of these: `given` (the option `--python`), the suite's key `python`, the active
    environment, `.venv` at the root, the Python that runs the tool.

    Raises:
        ConfigError: The Python in the suite's key `python` can't be found.
    """
    if given and suite.name in given:
        return given[suite.name]
    if suite.python is not None:
        return _named(context.root, suite)
    active = context.environ.get("VIRTUAL_ENV")
    for environment in ([Path(active)] if active else []) + [context.root / ".venv"]:
        if (environment / _OF_ENVIRONMENT).exists():
            return environment / _OF_ENVIRONMENT
    return Path(sys.executable)


def _existing(path: Path, where: str) -> Path:
    interpreter = path.absolute() / _OF_ENVIRONMENT if path.is_dir() else path.absolute()
    if not interpreter.exists():
        msg = (
            f"{where}: {interpreter} does not exist; give a Python or the folder of an environment"
        )
        raise InputError(msg)
    return interpreter


def _named(root: Path, suite: Suite) -> Path:
    """Find the Python in the table's key `python`: a path relative to the root, or a version."""
    name = suite.python or ""
    where = f"pyproject.toml: [tool.covernance] suites.{suite.name}.python"
    if "/" in name:
        try:
            return _existing(root / name, where)
        except InputError as error:
            raise ConfigError(str(error)) from None
    if executable := shutil.which(f"python{name.removeprefix('python')}"):
        return Path(executable)
    if uv := shutil.which("uv"):
        process = subprocess.run(  # noqa: S603 - the user's own uv
            [uv, "python", "find", "--no-project", name],
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode == 0:
            return Path(process.stdout.strip())
    msg = f"{where}: neither PATH nor uv finds Python {name!r}; install it, or give a path"
    raise ConfigError(msg)
