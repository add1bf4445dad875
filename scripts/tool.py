"""Run this checkout's covernance with a Python that has what it needs, installed or not.

That is the Python that runs this script or, if it lacks a package, the first one of these that has
all: COVERNANCE_PYTHON, .venv of the checkout, the active environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEEDED = (
    *("click", "filelock", "jinja2", "markdown_it", "msgspec"),
    *("prometheus_client", "rich", "unidiff"),
)
OLDEST = (3, 11)
CHECK = (
    "import sys; from importlib.util import find_spec; "
    f"sys.exit(sys.version_info < {OLDEST} or not all(map(find_spec, {NEEDED})))"
)


def main(arguments: Sequence[str]) -> None:
    """Run a command line, in this process or in one that replaces it."""
    if sys.version_info < OLDEST or not all(map(find_spec, NEEDED)):
        _restart(arguments)
    sys.path.insert(0, str(ROOT / "src"))
    from covernance.cli import main as run  # noqa: PLC0415 - importable only now

    run(arguments)


def _restart(arguments: Sequence[str]) -> None:
    for python in _candidates():
        if _has_what_is_needed(python):
            os.execv(python, [python, __file__, *arguments])  # noqa: S606 - without a shell
    print(
        f"covernance: {sys.executable} lacks what it needs; run 'make tools' in {ROOT} once, "
        "or name another Python in COVERNANCE_PYTHON",
        file=sys.stderr,
    )
    sys.exit(3)


def _candidates() -> Iterator[str]:
    if given := os.environ.get("COVERNANCE_PYTHON"):
        yield given
    yield str(ROOT / ".venv/bin/python")
    if active := os.environ.get("VIRTUAL_ENV"):
        yield str(Path(active, "bin/python"))


def _has_what_is_needed(python: str) -> bool:
    try:
        return subprocess.run([python, "-c", CHECK], check=False).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
