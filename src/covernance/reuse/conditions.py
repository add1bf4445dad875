"""Names and digests of everything besides files of the repository that a run depends on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import covernance
from covernance.agent.client import find_startup_folder
from covernance.agent.environment import Environment
from covernance.context import Context
from covernance.reuse import path_states
from covernance.reuse.evidence import DISTRIBUTION, ENVIRONMENT, INTERPRETER, NAMES_IN, PATH_FILE
from covernance.reuse.seen import Looks
from covernance.reuse.trace_file import READ

_PREFIXES = ("COVERAGE_", "HYPOTHESIS_", "LC_", "PYTEST_", "PYTHON")
_NAMES = {"LANG", "LANGUAGE", "SOURCE_DATE_EPOCH", "TZ"}
_OURS = (
    *("COVERAGE_FAIL_UNDER", "COVERAGE_SOFT", "COVERAGE_CONTEXT", "COVERAGE_REUSE"),
    *("COVERAGE_PROCESS_", "COVERAGE_FILE"),
)
"""Variables without effect on passes. Floors are checked again when a result is reused."""

_INSTALLED = (".dist-info", ".egg-info")
_RECORDS = ("RECORD", "direct_url.json", "entry_points.txt", "PKG-INFO")


def describe_environment(
    context: Context, arguments: Iterable[str], environment: Environment, looks: Looks
) -> dict[str, str]:
    """Describe everything besides paths that a run depends on.

    No process is started: the interpreter's description of itself is valid as long as its files,
    those of its environment and the variables are unchanged.

    Args:
        context: The path of the checkout, the environment variables, and which of them the
            table declares.
        arguments: The pytest arguments.
        environment: The suite's interpreter, as described by itself.
        looks: Reads the states of the interpreter's files.
    """
    return {
        "the path of the checkout": str(context.root),
        ENVIRONMENT: environment.prefix,
        INTERPRETER: _interpreter(environment, looks),
        "the code of covernance": _tool(),
        "the pytest arguments": digest("\0".join(arguments)),
        **_distributions(environment),
        **dict(_variables(context.environ, set(context.table.reuse.environment))),
    }


def _variables(environ: Mapping[str, str], declared: set[str]) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        affects_tests = name.startswith(_PREFIXES) and not name.startswith(_OURS)
        if name in declared or name in _NAMES or affects_tests:
            # A digest, because values may be secret and this is written to a file.
            yield f"the environment variable {name}", digest(value)


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
    """A digest of the code and templates of tool and agent, which compute the results."""
    folders = Path(covernance.__file__).parent, find_startup_folder().parent
    # Other processes create bytecode, under temporary names, when they import the code.
    paths = sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.suffix != ".pyc"
    )
    return digest("\0".join(f"{path}\0{path_states.digest(str(path))}" for path in paths))


def _distributions(environment: Environment) -> dict[str, str]:
    """The digests of installed distributions, by metadata, and of `.pth` files, by content."""
    digests = {}
    for entry in environment.path:
        try:
            names = os.listdir(entry)  # noqa: PTH208 - sys.path has strings
        except OSError:
            continue
        for name in names:
            path = f"{entry}/{name}"
            if name.endswith(".pth"):
                digests[f"{PATH_FILE} {name}"] = path_states.digest(path)
            elif name.endswith(_INSTALLED):
                records = [path_states.content(f"{path}/{record}") for record in _RECORDS]
                content = path_states.content(path)
                digests[f"{DISTRIBUTION} {name.rpartition('.')[0]}"] = digest(f"{records}{content}")
        if entry in environment.installed:
            digests[f"{NAMES_IN} {entry}"] = digest(path_states.names(entry))
    return digests


def digest(text: str) -> str:
    """The digest of a text, as hexadecimal digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
