from __future__ import annotations

from pathlib import Path

import pytest

from covernance.reuse import path_states
from covernance_agent import states

pytestmark = pytest.mark.architecture


def test_the_tool_sees_paths_exactly_as_the_agent_does() -> None:
    """Their states are compared, so they are two copies of one text."""
    assert Path(path_states.__file__).read_bytes() == Path(states.__file__).read_bytes()
