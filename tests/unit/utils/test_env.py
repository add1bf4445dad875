from __future__ import annotations

import os

import pytest

from tests.utils.env import environment

pytestmark = pytest.mark.reliability


def test_a_variable_is_set_only_inside_the_block() -> None:
    with environment(COVERNANCE_TEST_X="1"):
        assert os.environ["COVERNANCE_TEST_X"] == "1"
    assert "COVERNANCE_TEST_X" not in os.environ


def test_none_unsets_a_variable_and_the_old_value_is_restored() -> None:
    with environment(COVERNANCE_TEST_X="outer"):
        with environment(COVERNANCE_TEST_X=None):
            assert "COVERNANCE_TEST_X" not in os.environ
        assert os.environ["COVERNANCE_TEST_X"] == "outer"


def test_values_are_restored_when_the_block_raises() -> None:
    with pytest.raises(RuntimeError), environment(COVERNANCE_TEST_X="1"):
        raise RuntimeError
    assert "COVERNANCE_TEST_X" not in os.environ
