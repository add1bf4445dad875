from __future__ import annotations

from importlib.util import find_spec
from typing import get_args

import pytest

from covernance.config.keys import declared_keys
from covernance.config.stores import STORES, StoreType, describe_stores
from covernance.config.table import HistorySettings

pytestmark = pytest.mark.architecture


def test_the_table_takes_the_name_of_each_store() -> None:
    (store,) = (key for key in declared_keys(HistorySettings) if key.name == "store")
    assert get_args(store.type) == tuple(STORES)
    assert store.default in STORES


@pytest.mark.parametrize("store", STORES.values(), ids=STORES)
def test_each_store_is_a_class_of_a_module_that_exists(store: StoreType) -> None:
    module, _, name = store.class_path.partition(":")
    assert find_spec(module)
    assert name.isidentifier()


def test_help_describes_every_store() -> None:
    described = describe_stores()
    for name, store in STORES.items():
        assert f"{name} ({store.place})" in described
