"""Write the digest of the last days to docs/metrics; the same as `covernance digest`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    tool = Path(__file__).resolve().parents[1] / "tool.py"
    runpy.run_path(str(tool))["main"](["digest", *sys.argv[1:]])
