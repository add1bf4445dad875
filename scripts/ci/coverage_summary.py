"""Print the state of all suites as Markdown; the same as `covernance summary`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    tool = Path(__file__).resolve().parents[1] / "tool.py"
    runpy.run_path(str(tool))["main"](["summary", *sys.argv[1:]])
