"""`python -m covernance` is `covernance`."""

from __future__ import annotations

import os
import sys

# Python puts the current folder first, where a project's own `click` or `rich` may lie.
if not sys.flags.safe_path and sys.path[0] in ("", os.getcwd()):  # noqa: PTH109 - as Python wrote it
    del sys.path[0]

from covernance.cli import main

if __name__ == "__main__":
    main()
