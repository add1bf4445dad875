"""Count the coverage data of the current folder: `python bench/count.py THEME ...`."""

from __future__ import annotations

import sys
from pathlib import Path

from covernance.measure import combine, slicing

if __name__ == "__main__":
    counted = slicing.file_results(combine.load(Path(".coverage"), Path("analyses")), sys.argv[1:])
    print(f"{len(counted)} files")  # noqa: T201 - for whoever repeats it by hand
