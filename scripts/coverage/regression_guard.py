"""Compare the last full runs with the base: `covernance guard`, by the name that plans give it."""

from __future__ import annotations

import sys

from covernance.cli import main

if __name__ == "__main__":
    main(["guard", *sys.argv[1:]])
