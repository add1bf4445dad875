from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from covernance_agent import marker_names
from covernance_agent.failures import ConfigError
from covernance_agent.marker_names import MarkerNames, compare_markers, list_names

pytestmark = pytest.mark.architecture

CONFIG: Any = SimpleNamespace(getini=lambda _name: ["fast: runs in no time", "on(name): where"])


def item(*markers: str) -> pytest.Item:
    marks = [SimpleNamespace(name=name) for name in markers]
    return cast("pytest.Item", SimpleNamespace(iter_markers=lambda: marks))


def test_declared_names_and_those_of_tests_are_known() -> None:
    assert compare_markers(["fast", "on", "slow"], CONFIG, [item("slow")]) == MarkerNames([], [])


@pytest.mark.security
def test_other_names_are_unknown_in_the_order_of_their_use() -> None:
    used = ["slwo", "fast", "fats", "slwo"]
    expected = MarkerNames(["slwo", "fats"], ["fast", "on", "slow"])
    assert compare_markers(used, CONFIG, [item(), item("slow")]) == expected


@pytest.mark.reliability
def test_without_tests_no_name_is_unknown() -> None:
    assert compare_markers(["slwo"], CONFIG, []) == MarkerNames([], [])


def test_names_of_an_expression_leave_out_operators_and_arguments() -> None:
    assert sorted(list_names("not slow and (gpu or net)")) == ["gpu", "net", "slow"]


@pytest.mark.reliability
def test_names_are_found_with_older_versions_of_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    code = SimpleNamespace(co_names=("$slow", "$gpu", "None"))
    older = SimpleNamespace(compile=lambda _text: SimpleNamespace(code=code))
    monkeypatch.setattr(marker_names, "Expression", older)
    assert list_names("slow and gpu") == ["slow", "gpu"]


@pytest.mark.reliability
def test_an_expression_that_pytest_can_not_read_is_an_error_that_quotes_it() -> None:
    with pytest.raises(ConfigError, match=r"select: 'a or or b' can't be read by pytest: "):
        list_names("a or or b")
