from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from covernance_agent.narrowing import list_given, list_in_force

pytestmark = pytest.mark.security


@pytest.mark.parametrize(
    ("given", "listed"),
    [
        ({}, []),
        ({"verbose": 2, "maxfail": 1}, []),
        ({"lf": True}, ["--last-failed"]),
        ({"lf": False, "keyword": ""}, []),
        ({"keyword": "tenant"}, ["-k 'tenant'"]),
        ({"ignore": ["a", "b"], "group": 2}, ["--ignore 'a'", "--ignore 'b'", "--group 2"]),
    ],
)
def test_given_options_are_listed_as_a_user_writes_them(
    given: dict[str, Any], listed: list[str]
) -> None:
    assert [*list_given(given)] == listed


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        (Namespace(), []),
        (Namespace(setupplan=True, collectonly=False), ["--setup-plan"]),
        (Namespace(ignore=["a", "b"]), ["--ignore"]),
        (Namespace(override_ini=["testpaths=x", "cache_dir=y"]), ["-o testpaths=x"]),
    ],
)
def test_options_in_force_are_listed_whatever_their_source(
    options: Namespace, listed: list[str]
) -> None:
    assert [*list_in_force(options)] == listed


def test_options_whose_deselected_tests_are_counted_are_not_listed() -> None:
    # The pass itself selects its theme with -m.
    assert [*list_in_force(Namespace(markexpr="security", keyword="x", stepwise=True))] == []


@pytest.mark.parametrize("name", ["deselect", "ignore", "lf", "setuponly"])
def test_an_option_has_one_name_in_arguments_and_in_settings(name: str) -> None:
    assert [*list_given({name: True})] == [*list_in_force(Namespace(**{name: True}))]
