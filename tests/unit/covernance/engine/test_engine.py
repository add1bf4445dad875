from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.covernance.engine.measurements import measurement
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_measurement_does_not_change_during_a_run(repository: Repository, tmp_path: Path) -> None:
    planned = measurement(repository, tmp_path)
    with pytest.raises(AttributeError, match="immutable type"):
        planned.jobs = 3  # type: ignore[misc]


@pytest.mark.reliability
def test_nothing_is_traced_unless_it_is_requested(repository: Repository, tmp_path: Path) -> None:
    assert measurement(repository, tmp_path).trace_variables is None
