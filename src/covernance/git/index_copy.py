"""A copy of the user's index, which commands may write."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from covernance.errors import MachineError
from covernance.git.runner import Git


def copy_index(git: Git, root: Path, folder: Path) -> dict[str, str]:
    """Copy the index into a folder, and return the variables that make git use the copy.

    Raises:
        MachineError: git is missing or failed, or the index can't be read.
    """
    index = folder / "index"
    own = root / os.fsdecode(git.run("rev-parse", "--git-path", "index").rstrip(b"\n"))
    try:
        # copy2 preserves the time stamp: git rereads files that may have changed since then.
        shutil.copy2(own, index)
    except FileNotFoundError:  # nothing was added yet
        pass
    except OSError as error:
        msg = f"{own}: can't be read: {error.strerror or error}"
        raise MachineError(msg) from error
    return {"GIT_INDEX_FILE": str(index)}


def list_add_options(git: Git) -> tuple[str, ...]:
    """List the options with which `git add` reaches every file of a checkout.

    Raises:
        MachineError: git is missing.
    """
    # Untracked files may be outside of the part that is checked out.
    sparse = git.ask("config", "--type=bool", "core.sparseCheckout") == "true"
    return ("--sparse",) if sparse else ()
