"""Responsible for what every test shares: the hypothesis profile and a clean environment."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

pytest_plugins = ["pytester"]

# What each run of the tests uses. Deadlines and slow generation measure the machine, not the code:
# a loaded CI runner must not fail a property.
settings.register_profile(
    "house",
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# The scheduled search for what twenty examples miss: `nox -s properties`.
settings.register_profile("thorough", settings.get_profile("house"), max_examples=500)
# Each mutant meets the same examples; that one of them fails is all there is to know.
settings.register_profile(
    "mutants",
    settings.get_profile("house"),
    max_examples=100,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def _no_leaked_environment() -> Iterator[None]:
    """Put the environment back, so that tests pass in any order."""
    before = dict(os.environ)
    yield
    # PYTEST_CURRENT_TEST is pytest's own and changes with each phase.
    for name in os.environ.keys() - before.keys() - {"PYTEST_CURRENT_TEST"}:
        del os.environ[name]
    for name, value in before.items():
        if name != "PYTEST_CURRENT_TEST" and os.environ.get(name) != value:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def _no_git_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """Aim git at the repository that a test is about, also when a git hook runs the tests."""
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
