from __future__ import annotations

import pytest

from covernance.affected.policy import Known, Reach, touched
from covernance.git.changes import FileChange

pytestmark = pytest.mark.reliability

REACHES = {
    "api": Reach(
        source=("apps/api",),
        tests=("tests/unit/api",),
        files=frozenset({"apps/api/main.py", "tests/unit/api/test_main.py", "lib/log.py"}),
        mentioned=frozenset({"docs/limits.md"}),
        recorded=frozenset({"apps/started.py", "docs/read.md"}),
    ),
    "lib": Reach(
        source=("lib",), tests=("tests/unit/lib",), files=frozenset({"lib/log.py", "shared/x.py"})
    ),
    "web": Reach(source=("web",), tests=("tests/unit/web",), files=frozenset({"web/app.py"})),
}
KNOWN = Known(
    importable=frozenset({"apps/other.py", "apps/api/main.py", "lib/log.py", "shared/x.py"}),
    layer="src/covernance",
    register="docs/exceptions.md",
)


def why(path: str | None, before: str | None = "") -> dict[str, tuple[str, ...]]:
    change = FileChange(path=path, before=path if before == "" else before)
    return {name: found for name, found in touched([change], REACHES, KNOWN).items() if found}


@pytest.mark.parametrize(
    ("path", "suites"),
    [
        ("apps/api/main.py", {"api": "its source"}),
        ("apps/api/new.py", {"api": "its source"}),
        ("tests/unit/api/test_main.py", {"api": "its tests"}),
        ("tests/unit/api/conftest.py", {"api": "its tests"}),
        ("lib/log.py", {"api": "imported by it", "lib": "its source"}),
        ("shared/x.py", {"lib": "imported by it"}),
        ("apps/other.py", {}),
        ("apps/api/schema.json", {"api": "in its folders"}),
        ("lib/words.txt", {"api": "beside what it imports", "lib": "in its folders"}),
        ("tests/unit/api/data.csv", {"api": "in its folders"}),
        ("docs/guide.md", {}),
        ("docs/read.md", {"api": "read by its last run"}),
        ("apps/started.py", {"api": "read by its last run"}),
        ("docs/limits.md", {"api": "named in what it imports"}),
        ("apps/api/README.md", {"api": "in its folders"}),
    ],
)
def test_a_file_touches_who_has_or_imports_it(path: str, suites: dict[str, str]) -> None:
    assert why(path) == {name: (f"{path} changed: {told}",) for name, told in suites.items()}


@pytest.mark.security
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("pyproject.toml", "the table and the tools' settings"),
        ("pytest.ini", "pytest's configuration"),
        ("tests/conftest.py", "pytest's configuration"),
        ("conftest.py", "pytest's configuration"),
        (".coveragerc", "coverage.py's configuration"),
        ("setup.cfg", "pytest's or coverage.py's configuration"),
        ("noxfile.py", "the sessions"),
        ("Makefile", "the commands"),
        ("requirements/api.txt", "a lock"),
        ("requirements-dev.txt", "a lock"),
        ("uv.lock", "a lock"),
        (".github/workflows/tests.yml", "CI"),
        (".ci/run", "CI"),
        ("src/covernance/cli.py", "the layer itself"),
        ("docs/exceptions.md", "the exception register"),
        ("scripts/tool.py", "no import tells who uses it"),
        ("scripts/tool.sh", "anything may read it"),
        (".gitattributes", "anything may read it"),
    ],
)
def test_what_may_touch_any_suite_touches_all(path: str, told: str) -> None:
    assert why(path) == dict.fromkeys(REACHES, (f"{path} changed: {told}",))


@pytest.mark.security
@pytest.mark.parametrize("path", ["lib/gone.py", "apps/gone.py", "tests/unit/api/helpers.py"])
def test_who_imported_a_module_that_is_gone_can_not_be_told(path: str) -> None:
    told = f"{path} is gone: what imported it can't be told"
    assert why(None, path) == dict.fromkeys(REACHES, (told,))


def test_a_test_that_is_gone_touches_its_suite() -> None:
    path = "tests/unit/api/test_old.py"
    assert why(None, path) == {"api": (f"{path} is gone: in its folders",)}


def test_a_renamed_file_touches_under_both_names() -> None:
    found = why("tests/unit/api/test_new.py", "tests/unit/lib/test_old.py")
    assert found == {
        "api": ("tests/unit/api/test_new.py changed: its tests",),
        "lib": ("tests/unit/lib/test_old.py is gone: in its folders",),
    }


def test_without_a_layer_in_the_repository_its_folder_is_like_any_other() -> None:
    known = Known(importable=frozenset(), layer=None, register="r.md")
    change = FileChange(path="src/covernance/x.md", before=None)
    assert touched([change], REACHES, known) == {"api": (), "lib": (), "web": ()}
