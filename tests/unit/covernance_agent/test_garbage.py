from __future__ import annotations

import gc

import pytest

from covernance_agent import garbage

pytestmark = pytest.mark.reliability


def _fail() -> None:
    with garbage.seldom():
        assert gc.get_threshold()[0] > 100_000
        raise KeyError


def test_the_thresholds_of_garbage_collection_are_restored_after_success_or_failure() -> None:
    before = gc.get_threshold()
    with pytest.raises(KeyError):
        _fail()
    assert gc.get_threshold() == before
