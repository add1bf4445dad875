from __future__ import annotations

import pytest

from covernance.affected.policy import Setup, environment_reasons, input_reasons, path_reasons
from covernance.model.inputs import Difference, Inputs

pytestmark = pytest.mark.reliability

INPUTS = Inputs(
    read=("apps/api/main.py", "pyproject.toml", "vendor/lib/code.py"),
    examined=("data/size.bin",),
    asked=("local/settings.py", "docs"),
    listed=("apps/api", "tests/api"),
)
SETUP = Setup(
    requirements=frozenset({"requirements/api.txt"}),
    others=frozenset({"requirements/auth.txt"}),
    tool=("src/covernance",),
)


def edited(*paths: str) -> Difference:
    return Difference(files=frozenset(paths))


def new(*paths: str) -> Difference:
    return Difference(files=frozenset(paths), new=frozenset(paths))


def gone(*paths: str) -> Difference:
    return Difference(files=frozenset(paths), gone=frozenset(paths))


def replaced(*paths: str) -> Difference:
    return Difference(files=frozenset(paths), replaced=frozenset(paths))


@pytest.mark.parametrize(
    ("difference", "reason"),
    [
        (edited("apps/api/main.py"), "apps/api/main.py changed: its last run read it"),
        (gone("apps/api/main.py"), "apps/api/main.py is gone: its last run read it"),
        (edited("data/size.bin"), "data/size.bin changed: its last run examined it"),
        (new("local/settings.py"), "local/settings.py is new: its last run looked for it"),
        (gone("docs"), "docs is gone: its last run looked for it"),
        (gone("tests/api"), "tests/api is gone: its last run listed it"),
        (new("apps/api/more.txt"), "apps/api/more.txt is new: its last run listed apps/api"),
        (gone("tests/api/old.py"), "tests/api/old.py is gone: its last run listed tests/api"),
        (replaced("vendor/lib"), "vendor/lib changed: its last run used vendor/lib/code.py"),
        (replaced("apps/api/x"), "apps/api/x changed: its last run listed apps/api"),
    ],
)
def test_used_path_is_a_reason(difference: Difference, reason: str) -> None:
    assert path_reasons(INPUTS, difference) == (reason,)
    assert input_reasons(INPUTS, difference) == (reason,)


@pytest.mark.parametrize(
    "difference",
    [
        Difference(),
        edited("README.md", "apps/auth/main.py"),
        edited("docs", "local/settings.py", "apps/api/unread.txt"),
        new("vendor", "vendor/other.py", "apps/api/deep/er.txt", "data/more.bin"),
        gone("data/less.bin"),
        replaced("vendor/other"),
    ],
)
def test_unused_path_is_no_reason(difference: Difference) -> None:
    assert input_reasons(INPUTS, difference) == ()


@pytest.mark.security
def test_unknown_inputs_are_always_a_reason() -> None:
    assert input_reasons(None, Difference()) == (
        "its stored result does not list what it depends on",
    )
    assert input_reasons(Inputs(refusals=("it connected to x:80",)), Difference()) == (
        "what it depends on is not fully known: it connected to x:80",
    )


@pytest.mark.security
def test_untraced_program_makes_any_change_a_reason() -> None:
    inputs = Inputs(programs=("/usr/bin/git", "sh"), read=("a",))
    started = "it starts /usr/bin/git, sh, which can read anything"
    assert input_reasons(inputs, Difference()) == ()
    assert input_reasons(inputs, edited("b")) == (f"b changed: {started}",)
    assert input_reasons(inputs, new("d", "c")) == (f"c (and 1 more) is new: {started}",)
    assert input_reasons(inputs, edited("b", "a")) == ("a changed: its last run read it",)


@pytest.mark.security
@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("requirements/api.txt", "its requirements"),
        ("requirements/constraints.txt", "requirements"),
        ("uv.lock", "requirements"),
        ("noxfile.py", "the sessions"),
        ("lib/setup.py", "how a package is built"),
        ("lib/pyproject.toml", "how a package is built"),
        ("Makefile", "the commands"),
        ("scripts/run.sh", "the commands"),
        (".python-version", "the interpreter"),
        (".github/workflows/tests.yml", "CI"),
        (".ci/run", "CI"),
        ("src/covernance/cli.py", "covernance itself"),
    ],
)
def test_file_that_defines_the_environment_is_a_reason(path: str, what: str) -> None:
    assert environment_reasons(SETUP, edited(path)) == (f"{path} changed: {what}",)


@pytest.mark.parametrize(
    "path", ["requirements/auth.txt", "src/covernance_more/x.py", "a/Makefile"]
)
def test_file_of_another_environment_is_no_reason(path: str) -> None:
    assert environment_reasons(SETUP, edited(path)) == ()


def test_suite_without_requirements_depends_on_all_of_them() -> None:
    path = "r/requirements.txt"
    setup = Setup(requirements=None, others=frozenset({path}))
    assert environment_reasons(setup, gone(path)) == (f"{path} is gone: requirements",)
