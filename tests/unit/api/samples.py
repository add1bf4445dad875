"""Sample snapshot documents."""

from __future__ import annotations

from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "/v1/repos/widgets/snapshots"


def counts(statements: int, executed: int, branches: int = 0, taken: int = 0) -> dict[str, int]:
    return {
        "statements": statements,
        "executed": executed,
        "branches": branches,
        "taken": taken,
    }


def snapshot(**changes: object) -> dict[str, Any]:
    """Return a valid document; `commit`, `branch`, `run_id`, `recorded_at` set its provenance."""
    provenance: dict[str, object] = {
        "commit": COMMIT,
        "branch": "main",
        "run_id": "run-1",
        "recorded_at": "2026-11-21T11:00:00Z",
        "python": "3.11.7",
    }
    for field in ("commit", "branch", "run_id", "recorded_at"):
        if field in changes:
            provenance[field] = changes.pop(field)
    return {
        "schema": 1,
        "suite": "api",
        "verdict": "pass",
        "provenance": provenance,
        "total": counts(100, 90, 20, 18),
        "themes": {
            "reliability": {"tests": 5, "earned": counts(100, 40, 20, 5), "raw": counts(100, 50)},
            "security": {"tests": 12, "earned": counts(100, 30, 20, 8), "raw": counts(100, 60)},
        },
        "files": {"apps/api/main.py": {"total": counts(100, 90, 20, 18), "missing": [3, 4]}},
        "durations": {"security": 1.5},
        **changes,
    }
