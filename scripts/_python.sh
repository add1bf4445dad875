# shellcheck shell=bash
# Sourced from the repository's root: sets `python` to an interpreter that has what the tool needs,
# or ends the script. nox names its own; else it is that of .venv or of the active environment.
python=python3
if [[ -n "${COVERNANCE_PYTHON:-}" ]]; then
    python="$COVERNANCE_PYTHON"
elif [[ -x .venv/bin/python ]]; then
    python=.venv/bin/python
elif [[ -n "${VIRTUAL_ENV:-}" ]]; then
    python="$VIRTUAL_ENV/bin/python"
fi
if ! "$python" -c 'import click, msgspec' 2>/dev/null; then
    echo "covernance: $python lacks what it needs; run 'make dev' once, or use make or nox" >&2
    exit 3
fi
