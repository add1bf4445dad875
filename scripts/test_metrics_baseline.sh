#!/usr/bin/env bash
# Coverage, runtime, slowest and flaky tests: each suite again and again, in random order.
#   scripts/test_metrics_baseline.sh [--repeat 5] [--suite api] [--seed 1234] [--dry-run]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/_python.sh
exec "$python" -m covernance metrics-baseline "$@"
