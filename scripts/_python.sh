# shellcheck shell=bash
# Sourced from the repository root: sets `python` to an interpreter with covernance, or exits.
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
