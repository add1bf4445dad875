from __future__ import annotations

import inspect

import pytest

from covernance.engine.engine import Engine
from covernance.engine.registry import DEFAULT, ENGINES, choose_engine

pytestmark = pytest.mark.architecture


def test_the_default_is_an_engine() -> None:
    assert choose_engine() is ENGINES[DEFAULT]


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("method", ["list_commands", "run"])
def test_every_engine_can_be_called_in_the_same_way(name: str, method: str) -> None:
    expected = [*inspect.signature(getattr(Engine, method)).parameters][1:]
    assert [*inspect.signature(getattr(ENGINES[name], method)).parameters] == expected
