"""Run this checkout's covernance with whichever Python has what it needs, installed or not."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from covernance.cli import main

if __name__ == "__main__":
    main()
