from __future__ import annotations

import pytest

from covernance.layout import Layout
from tests.utils.contexts import NOW, context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def test_paths_are_those_of_the_tables_folder(repository: Repository) -> None:
    context = context_of(repository.root)
    assert context.root == repository.root
    assert context.layout == Layout(repository.root)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, False), ("", False), ("0", False), ("False", False), ("true", True), ("1", True)],
)
def test_ci_is_recognized_by_its_variable(
    repository: Repository, value: str | None, *, expected: bool
) -> None:
    environ = {} if value is None else {"CI": value}
    assert context_of(repository.root, environ).in_ci is expected


@pytest.mark.reliability
@pytest.mark.parametrize("name", ["table", "environ", "now"])
def test_nothing_can_be_replaced_while_a_command_runs(repository: Repository, name: str) -> None:
    context = context_of(repository.root, {"CI": "1"})
    with pytest.raises(AttributeError, match="immutable"):
        setattr(context, name, None)
    assert (context.environ, context.now) == ({"CI": "1"}, NOW)
