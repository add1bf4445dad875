"""Compare the latest full runs with the base; the same as `covernance guard`."""

from __future__ import annotations

import sys

from covernance.cli import main

if __name__ == "__main__":
    main(["guard", *sys.argv[1:]])
