"""Evidence of a passing run, for tests."""

from __future__ import annotations

import msgspec

from covernance.reuse.evidence import Evidence, Seen
from tests.utils.agents import ENVIRONMENT


def sample_evidence(**changes: object) -> Evidence:
    """Evidence of a run that read nothing, with the given changes."""
    usual = Evidence(
        suite="calc",
        commit="c" * 40,
        recorded_at="2026-11-21T12:00:00Z",
        python="/env/bin/python",
        environment=ENVIRONMENT,
        settings={},
        seen=Seen(),
        reports={},
    )
    return msgspec.structs.replace(usual, **changes)
