from __future__ import annotations

import msgspec
import pytest

from covernance.agent.environment import Prepare, Prepared
from tests.utils.agents import ENVIRONMENT, LocalAgent

pytestmark = pytest.mark.architecture


def test_a_task_is_tagged_with_its_name() -> None:
    task = Prepare(source=("calc",), tests=("tests",), arguments=("-x",))
    assert msgspec.json.decode(msgspec.json.encode(task)) == {
        "task": "prepare",
        "source": ["calc"],
        "tests": ["tests"],
        "select": None,
        "folder": None,
        "arguments": ["-x"],
    }


def test_an_answer_is_read_without_loss() -> None:
    answer = LocalAgent().ask(Prepare(), Prepared)
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Prepared) == answer
    assert {"coverage", "pytest"} <= answer.environment.packages.keys()


@pytest.mark.reliability
def test_an_environment_without_a_field_is_rejected() -> None:
    document = msgspec.to_builtins(ENVIRONMENT)
    assert msgspec.convert(document, type(ENVIRONMENT)) == ENVIRONMENT
    del document["prefix"]
    with pytest.raises(msgspec.ValidationError, match="prefix"):
        msgspec.convert(document, type(ENVIRONMENT))
