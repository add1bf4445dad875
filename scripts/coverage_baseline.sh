#!/usr/bin/env bash
# The shared helper that laptops, nox, Make and CI use to measure coverage.
#   scripts/coverage_baseline.sh --suite api [--theme security] [--fail-under 95] [-- pytest arguments]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/_python.sh
exec "$python" scripts/tool.py run "$@"
