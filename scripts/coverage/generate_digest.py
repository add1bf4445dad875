"""Write the digest of the last days to docs/metrics; the same as `covernance digest`."""

from __future__ import annotations

import sys

from covernance.cli import main

if __name__ == "__main__":
    main(["digest", *sys.argv[1:]])
