"""Count the coverage data in the current folder: `python bench/count.py THEME ...`."""

from __future__ import annotations

import sys
from pathlib import Path

from covernance_agent.combining import load
from covernance_agent.reports import count_files

if __name__ == "__main__":
    cov = load(Path(".coverage"), Path("analyses"), config_file=True)
    print(f"{len(count_files(cov, sys.argv[1:], config_file=True))} files")  # noqa: T201 - useful when run by hand
