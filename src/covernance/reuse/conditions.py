"""What a run depends on apart from the repository's files: each thing by a name and a digest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import covernance
from covernance.agent.client import find_startup_folder
from covernance.agent.environment import Environment
from covernance.reuse import path_states
from covernance.reuse.evidence import DISTRIBUTION, ENVIRONMENT, INTERPRETER, LIES_IN, PATH_FILE
from covernance.reuse.seen import Looks
from covernance.reuse.trace_file import READ

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
    environment: Environment,
    looks: Looks,
) -> dict[str, str]:
    """Describe everything but paths that a run depends on.

    Nothing is started: what the interpreter said of itself holds as long as its files, those of
    its environment and the variables are the same.

    Args:
        root: The repository's root.
        environ: The variables.
        declared: The names of variables that the table declares.
        arguments: What the user gave for pytest.
        environment: What the suite's interpreter said of itself.
        looks: Looks at the interpreter's files, which a run reads too.
    """
    return {
        "the place of the repository": str(root),
        ENVIRONMENT: environment.prefix,
        INTERPRETER: _interpreter(environment, looks),
        "covernance": _tool(),
        "the arguments for pytest": digest("\0".join(arguments)),
        **_distributions(environment),
        **dict(_variables(environ, set(declared))),
    }


def _variables(environ: Mapping[str, str], declared: set[str]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        steers = name.startswith(_PREFIXES) and not name.startswith(_OURS)
        if name in declared or name in _NAMES or steers:
            # A digest: variables hold secrets, and this is written to a file.
            yield f"the variable {name}", digest(value)


def _interpreter(environment: Environment, looks: Looks) -> str:
    files = (environment.executable, f"{environment.prefix}/pyvenv.cfg", environment.library)
    return " ".join(
        (
            *(environment.executable, environment.version, environment.system),
            *(looks.look(READ, file) for file in files if file),
        )
    )


@cache
def _tool() -> str:
    """The code and templates of tool and agent, which made the numbers out of what was measured."""
    folders = Path(covernance.__file__).parent, find_startup_folder().parent
    # Bytecode comes and goes, by way of temporary names, as other processes import the code.
    paths = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    )
    return digest("\0".join(f"{path}\0{path_states.digest(str(path))}" for path in paths))


def _distributions(environment: Environment) -> dict[str, str]:
    """Each distribution by its metadata and the digests of its files; `.pth` files by content."""
    found = {}
    for entry in environment.path:
        try:
            names = os.listdir(entry)  # noqa: PTH208 - sys.path has texts
        except OSError:
            continue
        for name in names:
            path = f"{entry}/{name}"
            if name.endswith(".pth"):
                found[f"{PATH_FILE} {name}"] = path_states.digest(path)
            elif name.endswith(_INSTALLED):
                digests = [path_states.content(f"{path}/{record}") for record in _RECORDS]
                own = path_states.content(path)
                found[f"{DISTRIBUTION} {name.rpartition('.')[0]}"] = digest(f"{digests}{own}")
        if entry in environment.installed:
            found[f"{LIES_IN} {entry}"] = digest(path_states.names(entry))
    return found


def digest(text: str) -> str:
    """A digest of a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
