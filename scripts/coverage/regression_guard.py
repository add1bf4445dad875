"""Compare the latest full runs with the base; the same as `covernance guard`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    tool = Path(__file__).resolve().parents[1] / "tool.py"
    runpy.run_path(str(tool))["main"](["guard", *sys.argv[1:]])
