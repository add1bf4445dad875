"""The task `prepare`: what the tool has to know of an environment before it runs tests there."""

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
"""The distributions that a run needs, each with the oldest version that will do."""

_OPTIONAL = {"xdist": "pytest-xdist", "pytest_split": "pytest-split", "pytest_randomly": ""}


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """Describe the environment, lay the run's settings over those of coverage.py, read arguments.

    Args:
        task: `source` and `tests` of the suite; `folder`, where the generated settings go, or None
            for none; `arguments`, the user's for pytest, or None.

    Returns:
        `environment` (see `covernance.agent.environment`), `plugins` (of those the tool can make
        use of), `settings` (the generated file, or None), `notes` (what was laid over a setting
        that says otherwise), `arguments` (see `covernance_agent.arguments`, or None).

    Raises:
        MachineError: pytest or coverage is missing here, or too old.
        AgentError: coverage.py's settings or the arguments can't be read.
    """
    packages = {name: _version(name) for name in _NEEDED}
    _check(packages)
    settings: str | None = None
    notes: list[str] = []
    if task.get("folder") is not None:
        from covernance_agent import overlay  # noqa: PLC0415 - now coverage is known to be here

        settings, notes = overlay.write_settings(Path(task["folder"]), task["source"])
    arguments = None
    if task.get("arguments"):
        from covernance_agent.arguments import parse  # noqa: PLC0415 - importing pytest takes time

        arguments = parse(task["arguments"], task["tests"])
    return {
        "environment": describe(packages),
        "plugins": [name for name in _OPTIONAL if find_spec(name)],
        "settings": settings,
        "notes": notes,
        "arguments": arguments,
    }


def describe(packages: dict[str, str | None]) -> dict[str, Any]:
    """What a run depends on of this interpreter and its environment, apart from files' contents."""
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
    missing = [name for name, found in packages.items() if found is None]
    if missing:
        msg = (
            f"{sys.executable}: {' and '.join(missing)} must be installed where tests run; install "
            f"with `{sys.executable} -m pip install {' '.join(missing)}`, "
            "or name another Python with --python"
        )
        raise MachineError(msg)
    for name, least in _NEEDED.items():
        found = packages[name] or ""
        numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
        if numbers < least:
            wanted = ".".join(map(str, least))
            msg = (
                f"{sys.executable}: {name} {found} is too old; {name} {wanted} or newer is needed: "
                f"`{sys.executable} -m pip install --upgrade {name}`"
            )
            raise MachineError(msg)
