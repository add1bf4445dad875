"""Count the coverage data in the current folder: `python bench/count.py THEME ...`."""

from __future__ import annotations

import sys
from pathlib import Path

from covernance_agent import combining, counting

if __name__ == "__main__":
    results = counting.file_results(
        combining.load(Path(".coverage"), Path("analyses")), sys.argv[1:]
    )
    print(f"{len(results)} files")  # noqa: T201 - useful when run by hand
