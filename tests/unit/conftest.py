"""Responsible for unit utilities: the `unit` marker, refused sockets, small files and requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_socket import disable_socket, enable_socket

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give `unit` to everything under tests/unit, before `-m` selects."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.unit)


@pytest.fixture(autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse sockets: a unit test that needs a network is not a unit test."""
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture
def temp_db_file(tmp_path: Path) -> Path:
    """A path for a SQLite database that nothing else uses; the file does not exist yet."""
    return tmp_path / "test.sqlite3"


@pytest.fixture
def mock_request() -> SimpleNamespace:
    """A bare stand-in for an HTTP request: method, path, headers, args and a JSON body."""
    return SimpleNamespace(method="GET", path="/", headers={}, args={}, json=None)
