from __future__ import annotations

import inspect

import pytest

from covernance import errors
from covernance.errors import CovernanceError, Exit
from covernance_agent import failures
from covernance_agent.failures import AgentError

pytestmark = pytest.mark.architecture


def test_exit_codes_do_not_change() -> None:
    assert {code.name: code.value for code in Exit} == {
        "PASS": 0,
        "TESTS_FAILED": 1,
        "GATE": 2,
        "ERROR": 3,
        "INTERRUPTED": 130,
    }


def test_every_error_is_in_the_tree_and_its_text_is_the_message() -> None:
    classes = [
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, Exception)
    ]
    assert len(classes) > 1
    for kind in classes:
        assert issubclass(kind, CovernanceError)
        assert str(kind("a.toml: key: mend it")) == "a.toml: key: mend it"


def test_each_error_of_the_agent_has_a_class_of_the_same_name() -> None:
    names = {
        name
        for name, member in inspect.getmembers(failures, inspect.isclass)
        if issubclass(member, AgentError) and member is not AgentError
    }
    assert names
    assert all(issubclass(getattr(errors, name), CovernanceError) for name in names)
