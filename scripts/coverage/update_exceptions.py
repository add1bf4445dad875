#!/usr/bin/env python3
"""Update the register of coverage exceptions; the same as `covernance exceptions sync`."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    tool = Path(__file__).resolve().parents[1] / "tool.py"
    runpy.run_path(str(tool))["main"](["exceptions", "sync", *sys.argv[1:]])
