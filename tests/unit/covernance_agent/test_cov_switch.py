from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from covernance_agent.cov_switch import NOTE, CovSwitch

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ({"cov_source": ["calc"], "cov_fail_under": 90}, NOTE),
        ({"cov_source": []}, ""),
        ({}, ""),
    ],
)
def test_pytest_cov_loses_its_sources_and_nothing_else(
    options: dict[str, object], note: str
) -> None:
    known = SimpleNamespace(**options)
    config: Any = SimpleNamespace(known_args_namespace=known)
    switch = CovSwitch()
    next(switch.pytest_load_initial_conftests(config))
    assert switch.note == note
    assert vars(known) == options | ({"cov_source": []} if "cov_source" in options else {})


def test_pytest_cov_does_not_measure(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_cov")
    pytester.makepyfile("def test_a(cov): assert cov is None")
    result = pytester.inline_run("--cov=calc", "--cov-fail-under=99", plugins=[CovSwitch()])
    assert result.ret == 0
    assert not (pytester.path / ".coverage").exists()
