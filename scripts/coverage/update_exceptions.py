#!/usr/bin/env python
"""Bring the register of coverage exceptions in step: `covernance exceptions sync`."""

import sys

from covernance.cli import main

if __name__ == "__main__":
    main(("exceptions", "sync", *sys.argv[1:]))
