#!/usr/bin/env python
"""Update the register of coverage exceptions; the same as `covernance exceptions sync`."""

import sys

from covernance.cli import main

if __name__ == "__main__":
    main(("exceptions", "sync", *sys.argv[1:]))
