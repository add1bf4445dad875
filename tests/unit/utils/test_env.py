from __future__ import annotations

import os

import pytest

from tests.utils.env import environment

pytestmark = pytest.mark.reliability


def test_a_variable_is_set_inside_and_gone_outside() -> None:
    with environment(COVERNANCE_TEST_X="1"):
        assert os.environ["COVERNANCE_TEST_X"] == "1"
    assert "COVERNANCE_TEST_X" not in os.environ


def test_none_unsets_and_the_old_value_returns() -> None:
    with environment(COVERNANCE_TEST_X="outer"):
        with environment(COVERNANCE_TEST_X=None):
            assert "COVERNANCE_TEST_X" not in os.environ
        assert os.environ["COVERNANCE_TEST_X"] == "outer"


def test_values_return_when_the_block_raises() -> None:
    with pytest.raises(RuntimeError), environment(COVERNANCE_TEST_X="1"):
        raise RuntimeError
    assert "COVERNANCE_TEST_X" not in os.environ
