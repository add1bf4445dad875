"""Responsible for the tests of agents, which start real agents."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _local_agents() -> None:
    """Use real agents, not the stand-ins of other tests."""
