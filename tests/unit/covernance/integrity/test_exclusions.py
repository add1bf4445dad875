from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from covernance.config import load
from covernance.errors import ConfigError
from covernance.git import changes
from covernance.integrity.exclusions import compare_exclusions
from tests.unit.covernance.patch.measured import SOURCE, edit
from tests.utils.agents import local_agent
from tests.utils.repository import Repository

pytestmark = [pytest.mark.architecture, pytest.mark.usefixtures("feature")]


def compared(environ: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """The findings of a change, compared with the branch `main`."""
    root = Path.cwd()
    (suite,) = load(root).suites
    findings = compare_exclusions(
        partial(changes.read_committed_file, root, "main"),
        partial(changes.read_working_file, root),
        changes.WorkTree(root).since("main"),
        suite.source,
        local_agent(suite),
        environ,
    )
    return sorted(map(str, findings))


def test_a_pragma_in_a_renamed_file_is_not_new(repository: Repository) -> None:
    edit(SOURCE, "z = 3  # pragma: no cover\n")
    repository.commit()
    repository.git("branch", "--force", "main")
    SOURCE.rename("calc/renamed.py")
    repository.write("tool.py", "x = 1  # pragma: no cover\n")
    repository.write("calc/notes.txt", "x = 1  # pragma: no cover\n")
    assert compared() == []


@pytest.mark.security
@pytest.mark.parametrize("committed", [True, False])
def test_the_settings_file_that_the_environment_names_is_compared(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    if committed:
        repository.write("ci/coverage.rc", "[run]\nbranch = true\n")
        repository.commit()
        repository.git("branch", "--force", "main")
    repository.write("ci/coverage.rc", "[run]\nbranch = true\nomit = calc/*\n")
    environ = {"COVERAGE_RCFILE": "ci/coverage.rc"}
    monkeypatch.setenv("COVERAGE_RCFILE", "ci/coverage.rc")
    assert compared(environ) == ["coverage.py: omit: exclusion-added: none -> calc/*"]
    edit(Path(".coveragerc"), "omit = tests/*\n")  # not in force
    assert len(compared(environ)) == 1


@pytest.mark.security
def test_a_named_settings_file_outside_of_the_repository_is_compared_with_the_usual_ones(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "coverage.rc"
    outside.write_text("[run]\nbranch = true\nomit = calc/*\n", encoding="utf-8")
    monkeypatch.setenv("COVERAGE_RCFILE", str(outside))
    assert compared({"COVERAGE_RCFILE": str(outside)}) == [
        "coverage.py: omit: exclusion-added: none -> calc/*"
    ]


@pytest.mark.security
def test_code_added_to_what_a_comment_excludes_is_found(repository: Repository) -> None:
    SOURCE.write_text("x = 1\nif x:  # pragma: no cover\n    y = 2\n", encoding="utf-8")
    repository.commit()
    repository.git("branch", "--force", "main")
    SOURCE.write_text("x = 1\nif x:  # pragma: no cover\n    z = 0\n    y = 2\n", encoding="utf-8")
    assert compared() == [
        "calc/__init__.py:3: exclusion-grew: 2 excluded statements -> 3 excluded statements"
    ]
    SOURCE.write_text("x = 1\nif x:  # pragma: no cover\n    y = 3\n", encoding="utf-8")
    assert compared() == []


@pytest.mark.security
def test_changed_paths_and_plugins_are_found(repository: Repository) -> None:
    edit(Path(".coveragerc"), "plugins = nothing\n[paths]\nsource =\n    calc\n    lib/calc\n")
    assert compared() == [
        "coverage.py: paths: setting-changed: none -> source: calc, lib/calc",
        "coverage.py: plugins: setting-changed: none -> nothing",
    ]


@pytest.mark.reliability
def test_a_named_settings_file_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^COVERAGE_RCFILE=ci/rc: there is no such file; "):
        compared({"COVERAGE_RCFILE": "ci/rc"})


@pytest.mark.security
def test_an_edited_plugin_is_found(repository: Repository) -> None:
    edit(Path(".coveragerc"), "plugins = tools.rules, tools.other, rules\n")
    repository.write("src/tools/rules.py", "x = 1\n")
    repository.write("src/tools/other/__init__.py", "x = 1\n")
    repository.write("src/tools/norules.py", "x = 1\n")
    repository.commit()
    repository.git("branch", "--force", "main")
    assert compared() == []
    for name in ("rules.py", "other/__init__.py", "norules.py"):
        repository.write(f"src/tools/{name}", "x = 2\n")
    assert compared() == [
        "coverage.py: plugin rules: setting-changed: none -> src/tools/rules.py",
        "coverage.py: plugin tools.other: setting-changed: none -> src/tools/other/__init__.py",
        "coverage.py: plugin tools.rules: setting-changed: none -> src/tools/rules.py",
    ]
