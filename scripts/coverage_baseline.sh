#!/usr/bin/env bash
# The shared helper: laptop, nox, Make and CI all measure through it.
#   scripts/coverage_baseline.sh --suite api [--theme security] [--fail-under 95] [-- pytest arguments]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=python3
if [[ -n "${VIRTUAL_ENV:-}" ]]; then
    python="$VIRTUAL_ENV/bin/python"
elif [[ -x .venv/bin/python ]]; then
    python=.venv/bin/python
fi
if ! "$python" -c 'import covernance' 2>/dev/null; then
    echo "covernance: $python does not have it; run 'make dev' once, or go through make or nox" >&2
    exit 3
fi
exec "$python" -m covernance run "$@"
