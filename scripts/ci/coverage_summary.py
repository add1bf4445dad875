"""Print the state of all suites as Markdown; the same as `covernance summary`."""

from __future__ import annotations

import sys

from covernance.cli import main

if __name__ == "__main__":
    main(["summary", *sys.argv[1:]])
