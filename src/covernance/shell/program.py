"""How to call this program where the command `covernance`, which messages name, is not on PATH."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

_NAME = "covernance"
_COMMAND = re.compile(rf"`{_NAME} [a-z]")


def explain_call(message: str) -> str:
    """Say how to call the program if a message names its command and PATH lacks it; else ""."""
    if not _COMMAND.search(message) or shutil.which(_NAME):
        return ""
    return f"`{_NAME}` is not on PATH; call it as `{_describe_call()}`"


def _describe_call() -> str:
    """The command line that started this process, without its arguments."""
    started = Path(sys.argv[0])
    if started.name == _NAME:
        return shlex.quote(_shorten(started))
    python = shlex.quote(_shorten(Path(sys.executable)))
    if started.parent.name == "scripts":
        return f"{python} {shlex.quote(_shorten(started))}"
    return f"{python} -m {_NAME}"


def _shorten(path: Path) -> str:
    """A path relative to the current folder if it is below it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
