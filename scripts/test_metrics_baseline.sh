#!/usr/bin/env bash
# Run each suite several times in random order: coverage, run time, slowest and flaky tests.
#   scripts/test_metrics_baseline.sh [--repeat 5] [--suite api] [--seed 1234] [--dry-run]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/_python.sh
exec "$python" scripts/tool.py metrics-baseline "$@"
