from __future__ import annotations

import pytest

from covernance.config import load
from covernance.run.request import Request
from tests.unit.covernance.run.runs import request
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_default_is_a_full_run_whose_results_may_be_reused(
    repository: Repository,
) -> None:
    asked: Request = request(load(repository.root))
    assert asked.shard.whole
    assert (asked.contexts, asked.reuse, asked.durations) == ("theme", None, {})


@pytest.mark.reliability
def test_request_does_not_change_during_a_run(repository: Repository) -> None:
    asked = request(load(repository.root))
    with pytest.raises(AttributeError, match="immutable"):
        asked.jobs = 5  # type: ignore[misc]
