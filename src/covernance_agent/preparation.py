"""The task `prepare`: check and describe an environment before tests run in it."""

from __future__ import annotations

import platform
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from covernance_agent.failures import MachineError

_NEEDED = {"pytest": (7, 0), "coverage": (7, 10)}
"""The distributions that a run needs, each with the oldest supported version."""

_OPTIONAL = {"xdist": "pytest-xdist", "pytest_split": "pytest-split", "pytest_randomly": ""}


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Describe the environment, write the run's coverage.py settings, read the arguments.

    Args:
        task: `source`, `tests` and `select` of the suite; `folder` for the generated settings, or
            None for none; `arguments`, the user's for pytest, or None.

    Returns:
        `environment` (see `covernance.agent.environment`), `plugins` (those installed, of the ones
        that the tool can use), `settings` (the generated file, or None), `notes` (one line per
        setting that was replaced), `fail_under` (the floor in coverage.py's settings), `arguments`
        (see `covernance_agent.arguments`, or None).

    Raises:
        MachineError: pytest or coverage is not installed here, or is too old.
        AgentError: coverage.py's settings, the arguments or `select` can't be read, or a source has
            no Python file.
    """
    packages = {name: _version(name) for name in _NEEDED}
    _check(packages)
    settings: str | None = None
    notes: list[str] = []
    fail_under = 0.0
    if task.get("folder") is not None:
        # coverage is known to be installed only now
        from covernance_agent import overlay  # noqa: PLC0415 - as above
        from covernance_agent.empty_sources import check_sources  # noqa: PLC0415 - as above
        from covernance_agent.settings import read_fail_under  # noqa: PLC0415 - as above

        settings, notes = overlay.write_settings(Path(task["folder"]), task["source"])
        check_sources(task["source"], settings)
        fail_under = read_fail_under(settings)
    if task.get("select") is not None:
        from covernance_agent.marker_names import list_names  # noqa: PLC0415 - importing pytest takes time

        list_names(task["select"])
    arguments = None
    if task.get("arguments") is not None:
        from covernance_agent.arguments import parse  # noqa: PLC0415 - importing pytest takes time

        arguments = parse(task["arguments"], task["tests"])
    return {
        "environment": describe(packages),
        "plugins": [name for name in _OPTIONAL if find_spec(name)],
        "settings": settings,
        "notes": notes,
        "fail_under": fail_under,
        "arguments": arguments,
    }


def describe(packages: dict[str, str | None]) -> dict[str, Any]:
    """Describe what a run depends on in this interpreter and environment, without file contents."""
    library = Path(
        sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("LDLIBRARY") or ""
    )
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    folders = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    if sys.prefix != sys.base_prefix:
        folders.add(sys.prefix)
    return {
        "executable": sys.executable,
        "version": sys.version,
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        "system": platform.platform(),
        "prefix": sys.prefix,
        "library": str(library) if library.is_file() else "",
        "path": list(dict.fromkeys(str(Path(entry).absolute()) for entry in sys.path)),
        "installed": sorted(folders),
        "standard_library": sorted(
            {sysconfig.get_path(name, vars=base) for name in ("stdlib", "platstdlib")}
        ),
        "packages": packages,
    }


def _version(name: str) -> str | None:
    try:
        return version(name) if find_spec(name) else None
    except PackageNotFoundError:
        return None


def _check(packages: dict[str, str | None]) -> None:
    missing = [name for name, installed in packages.items() if installed is None]
    if missing:
        msg = (
            f"{sys.executable}: {' and '.join(missing)} must be installed where tests run; install "
            f"with `{sys.executable} -m pip install {' '.join(missing)}`, "
            "or name another Python with --python"
        )
        raise MachineError(msg)
    for name, oldest in _NEEDED.items():
        installed = packages[name] or ""
        numbers = tuple(int(part) for part in installed.split(".")[:2] if part.isdigit())
        if numbers < oldest:
            required = ".".join(map(str, oldest))
            msg = (
                f"{sys.executable}: {name} {installed} is too old; {name} {required} or newer is "
                f"needed; run `{sys.executable} -m pip install --upgrade {name}`"
            )
            raise MachineError(msg)
