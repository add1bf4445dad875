from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from covernance.errors import MachineError
from covernance.exceptions.owners import Owners

pytestmark = pytest.mark.architecture

DOCUMENTED = """\
# GitHub's own example
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go    docs@example.com
*.txt   @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.com
apps/   @octocat
/scripts/ @doctocat @octocat
**/logs @logger
/apps/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", ("@global-owner1", "@global-owner2")),
        ("deep/in/x.js", ("@js-owner",)),
        ("x.go", ("docs@example.com",)),
        ("x.txt", ("@octo-org/octocats",)),
        ("build/logs/deep/x", ("@logger",)),
        ("docs/getting-started.md", ("docs@example.com",)),
        ("docs/build-app/troubleshooting.md", ("@global-owner1", "@global-owner2")),
        ("apps/x.js", ("@octocat",)),
        ("deep/apps/x", ("@octocat",)),
        ("scripts/x", ("@doctocat", "@octocat")),
        ("deep/scripts/x", ("@global-owner1", "@global-owner2")),
        ("deeply/nested/logs/x", ("@logger",)),
        ("apps/github", ()),
        ("apps/github/x", ()),
    ],
)
def test_githubs_documented_example_gives_the_documented_owners(
    path: str, owners: tuple[str, ...]
) -> None:
    assert Owners(DOCUMENTED).of(path) == owners


@pytest.mark.parametrize(
    "skipped",
    [
        "!x.py @b",
        "[x].py @b",
        "[x.py @b",
        "[Section]",
        "x.py nobody",
        "x.py @b nobody",
        "# x.py @b",
        "",
    ],
)
def test_a_line_that_github_ignores_has_no_effect(skipped: str) -> None:
    assert Owners(f"* @a\n{skipped}\n").of("x.py") == ("@a",)


def test_a_negated_pattern_is_ignored() -> None:
    assert Owners("!x.py @b").of("!x.py") == ()


def test_a_comment_after_a_rule_is_ignored() -> None:
    assert Owners("* @a # was @b until 2025").of("x.py") == ("@a",)


def test_escaped_spaces_and_brackets_are_part_of_a_pattern() -> None:
    owners = Owners("/a\\ b.py @a\n/c\\[1\\].py @c\n")
    assert owners.of("a b.py") == ("@a",)
    assert owners.of("c[1].py") == ("@c",)


def test_paths_are_case_sensitive() -> None:
    assert Owners("/A.py @a").of("a.py") == ()


def test_without_rules_there_are_no_owners_and_no_package_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "codeowners", None)
    assert Owners().of("x.py") == ()
    assert Owners("# nobody\n\n").of("x.py") == ()


@pytest.mark.reliability
def test_a_missing_package_is_an_error_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "codeowners", None)
    with pytest.raises(MachineError, match=r"pip install 'covernance\[governance\]'"):
        Owners("* @team")


@pytest.mark.reliability
@given(st.text(), st.text())
def test_any_text_is_accepted(text: str, path: str) -> None:
    assert all("@" in owner for owner in Owners(text).of(path))
