from __future__ import annotations

import pytest

from covernance_agent.fence import is_known

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize(
    ("version", "known"),
    [("7.17.0", True), ("7.17.9a1", True), ("7.16.1", False), ("7.18.0", False), ("7.1.7", False)],
)
def test_only_tested_versions_are_known(version: str, *, known: bool) -> None:
    assert is_known(version) is known
