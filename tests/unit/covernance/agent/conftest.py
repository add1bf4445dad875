"""Responsible for the tests of agents: here they are started."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _local_agents() -> None:
    """Leave agents as they are."""
