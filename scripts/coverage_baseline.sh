#!/usr/bin/env bash
# The shared helper: laptop, nox, Make and CI all measure through it.
#   scripts/coverage_baseline.sh --suite api [--theme security] [--fail-under 95] [-- pytest arguments]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/_python.sh
exec "$python" -m covernance run "$@"
