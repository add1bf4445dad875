"""What a run depends on apart from the repository's files: each thing by a name and a digest."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import covernance
from covernance.reuse.evidence import DISTRIBUTION, ENVIRONMENT, INTERPRETER, LIES_IN, PATH_FILE
from covernance.reuse.seen import Looks
from covernance_agent import states
from covernance_agent.journal import READ

_PREFIXES = ("COVERAGE_", "HYPOTHESIS_", "LC_", "PYTEST_", "PYTHON")
_NAMES = {"LANG", "LANGUAGE", "SOURCE_DATE_EPOCH", "TZ"}
_OURS = (
    *("COVERAGE_FAIL_UNDER", "COVERAGE_SOFT", "COVERAGE_CONTEXT", "COVERAGE_REUSE"),
    *("COVERAGE_PROCESS_", "COVERAGE_FILE"),
)
"""Floors are applied anew to a reused result; no pass sees the others as they are."""

_INSTALLED = (".dist-info", ".egg-info")
_RECORDS = ("RECORD", "direct_url.json", "entry_points.txt", "PKG-INFO")


def describe_environment(
    root: Path,
    environ: Mapping[str, str],
    declared: Iterable[str],
    arguments: Iterable[str],
    looks: Looks,
) -> dict[str, str]:
    """Describe everything but paths that a run of this process depends on.

    Args:
        root: The repository's root.
        environ: The environment.
        declared: The names of variables that the table declares.
        arguments: What the user gave for pytest.
        looks: Looks at the interpreter's files, which a run reads too.
    """
    return {
        "the place of the repository": str(root),
        ENVIRONMENT: sys.prefix,
        INTERPRETER: _interpreter(looks),
        "the layer": _layer(),
        "the arguments for pytest": digest("\0".join(arguments)),
        **_distributions(),
        **dict(_variables(environ, set(declared))),
    }


def standard_library() -> tuple[Path, ...]:
    """The folders that the interpreter's version stands for."""
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix}
    return tuple({Path(sysconfig.get_path(name, vars=base)) for name in ("stdlib", "platstdlib")})


def installed_folders() -> tuple[Path, ...]:
    """The folders of the installed environment."""
    folders = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
    if sys.prefix != sys.base_prefix:
        folders.add(Path(sys.prefix))
    return tuple(folders)


def _variables(environ: Mapping[str, str], declared: set[str]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        steers = name.startswith(_PREFIXES) and not name.startswith(_OURS)
        if name in declared or name in _NAMES or steers:
            # A digest: variables hold secrets, and this is written to a file.
            yield f"the variable {name}", digest(value)


def _interpreter(looks: Looks) -> str:
    library = Path(
        sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("LDLIBRARY") or ""
    )
    return " ".join(
        (
            *(sys.executable, sys.version, platform.platform()),
            looks.look(READ, sys.executable),
            looks.look(READ, str(library)) if library.is_file() else "",
        )
    )


def _layer() -> str:
    """The layer's own code and templates, which made the numbers out of what was measured."""
    folder = Path(covernance.__file__).parent
    # Bytecode comes and goes, by way of temporary names, as other processes import the layer.
    paths = sorted(
        path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"
    )
    return digest("\0".join(f"{path}\0{states.digest(str(path))}" for path in paths))


def _distributions() -> dict[str, str]:
    """Each distribution by its metadata and the digests of its files; `.pth` files by content."""
    found = {}
    for entry in dict.fromkeys(sys.path):
        try:
            names = os.listdir(entry or ".")  # noqa: PTH208 - sys.path has texts
        except OSError:
            continue
        for name in names:
            path = f"{entry or '.'}/{name}"
            if name.endswith(".pth"):
                found[f"{PATH_FILE} {name}"] = states.digest(path)
            elif name.endswith(_INSTALLED):
                digests = [states.content(f"{path}/{record}") for record in _RECORDS]
                own = states.content(path)
                found[f"{DISTRIBUTION} {name.rpartition('.')[0]}"] = digest(f"{digests}{own}")
        if Path(entry) in installed_folders():
            found[f"{LIES_IN} {entry}"] = digest(states.names(entry))
    return found


def digest(text: str) -> str:
    """A digest of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
