"""Plans of what a change touches, on real git, grimp, pytest and coverage.py."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covernance.affected.workflow import decide
from covernance.config import load
from covernance.history.directory import Directory
from covernance.history.store import Listed
from covernance.model.snapshot import read
from tests.utils.repository import COVERAGERC, PYTEST, Repository

pytestmark = pytest.mark.reliability

TABLE = """\
[tool.covernance]
themes = ["security"]

[tool.covernance.suites.calc]
source = ["calc"]
tests = ["tests/calc"]

[tool.covernance.suites.text]
source = ["text"]
tests = ["tests/text"]
"""
FILES = {
    "pyproject.toml": TABLE
    + PYTEST.replace('"architecture", "reliability", "security"', '"security"'),
    "calc/__init__.py": "from shared.words import plus\n\n\ndef add(a, b): return plus(a, b)\n",
    "text/__init__.py": "def upper(text):\n    return text.upper()\n",
    "shared/words.py": "def plus(a, b):\n    return a + b\n",
    "tests/calc/test_add.py": (
        "import pytest\nfrom calc import add\n\n\n"
        "@pytest.mark.security\ndef test_add():\n    assert add(1, 2) == 3\n"
    ),
    "tests/text/test_upper.py": (
        "import pytest\nfrom text import upper\n\n\n"
        '@pytest.mark.security\ndef test_upper():\n    assert upper("a") == "A"\n'
    ),
    "README.md": "words\n",
}


@pytest.fixture(scope="module")
def _measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose results on main are kept."""
    root = tmp_path_factory.mktemp("affected") / "repository"
    home = Repository(root, FILES | {"tests/test_calc.py": ""})
    (root / "tests/test_calc.py").unlink()
    home.git("init", "-q", "-b", "main")
    home.git("add", "-A")
    home.git("commit", "-qm", "start")
    ran = home.covernance("run")
    assert ran.code == 0, ran.text
    assert home.covernance("history", "add").code == 0
    shutil.rmtree(root / "coverage/data")
    for path in (root / "coverage").glob("*.*"):
        path.unlink()
    home.git("checkout", "-qb", "change")
    return root


@pytest.fixture
def home(_measured: Path, tmp_path: Path) -> Repository:
    shutil.copytree(_measured, tmp_path / "home")
    return Repository.at(tmp_path / "home")


def plan(home: Repository, **environ: str) -> dict[str, Any]:
    ran = home.covernance(
        *("plan", "--affected", "--base", "main", "--format", "github"), environ=environ
    )
    assert ran.code == 0, ran.text
    outputs = dict(line.split("=", 1) for line in ran.out.splitlines())
    return {name: json.loads(value) for name, value in outputs.items()}


def edit(home: Repository, path: str, text: str = "\n# more\n") -> None:
    (home.root / path).parent.mkdir(parents=True, exist_ok=True)
    home.append(path, text)
    home.git("add", "-A")
    home.git("commit", "-qm", "edit")


def test_a_change_of_one_suite_carries_the_other(home: Repository, tmp_path: Path) -> None:
    began = home.git("rev-parse", "main")
    edit(home, "text/__init__.py")
    planned = plan(home)
    assert planned["suites"] == ["text"]
    (leg,) = planned["matrix"]["include"]
    assert leg["reasons"] == ["text/__init__.py changed: its source"]
    left_out = f"nothing that it reaches changed since {began[:12]}"
    assert planned["left_out"] == {"calc": left_out}
    told = home.covernance("plan", "--affected", "--base", "main")
    assert told.out == (
        "text: nox -s tests_unit_text\n"
        "  text/__init__.py changed: its source\n"
        f"calc: left out: {left_out}\n"
    )

    assert home.covernance("run", "--suite", "text").code == 0
    arrived = tmp_path / "arrived"
    for name in ("text.snapshot.json", "data/text/.coverage"):
        (arrived / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(home.root / "coverage" / name, arrived / name)
    collected = home.covernance("collect", os.fspath(arrived))

    assert collected.code == 0, collected.text
    carried = rf"carried from {began[:12]}, \d min old"
    assert re.search(f"calc: {carried}; its data and reports are not here", collected.out)
    assert re.search(rf"pass \({carried}\)", collected.out)
    assert "baseline: not written: the data of calc is not here (carried)" in collected.out
    assert not (home.root / "coverage/baseline.json").exists()
    result = read(home.root / "coverage/calc.snapshot.json").provenance
    assert (result.source, result.commit) == ("carried", began)

    for form in ("markdown", "text"):
        assert re.search(
            carried, home.covernance("summary", "--base", "main", "--format", form).out
        )
    document = json.loads(home.covernance("summary", "--base", "main", "--format", "json").out)
    assert document["suites"]["calc"]["source"] == "carried"
    combined = home.covernance("combine")
    assert combined.code == 3
    assert "calc: the last result was carried from an earlier commit" in combined.err
    guarded = home.covernance("guard", "--base", "main")
    assert guarded.code == 0, guarded.text
    added = home.covernance("history", "add", "--format", "json")
    assert [entry["suite"] for entry in json.loads(added.out)] == ["text"]


def test_a_change_that_nothing_reads_runs_nothing(home: Repository) -> None:
    edit(home, "README.md")
    planned = plan(home)
    assert (planned["any"], planned["suites"]) == (False, [])
    collected = home.covernance("collect", "nothing-arrived")
    assert collected.code == 0, collected.text
    assert collected.out.count("carried from") == 4


def test_what_a_suite_imports_runs_it_and_no_other(home: Repository) -> None:
    edit(home, "shared/words.py")
    (leg,) = plan(home)["matrix"]["include"]
    assert leg["reasons"] == ["shared/words.py changed: imported by it"]


def test_uncommitted_and_new_files_belong_to_the_change(home: Repository) -> None:
    home.write("tests/calc/test_new.py", "")
    assert plan(home)["suites"] == ["calc"]


@pytest.mark.security
@pytest.mark.parametrize("path", ["pyproject.toml", "tests/conftest.py", "noxfile.py", "tool.sh"])
def test_what_any_suite_may_depend_on_runs_all(home: Repository, path: str) -> None:
    edit(home, path)
    assert plan(home)["suites"] == ["calc", "text"]


@pytest.mark.security
def test_ci_leaves_suites_out_for_a_pull_request_alone(home: Repository) -> None:
    edit(home, "README.md")
    assert plan(home, GITHUB_EVENT_NAME="pull_request")["suites"] == []
    for event in ("push", "schedule", "merge_group", "workflow_dispatch"):
        planned = plan(home, GITHUB_EVENT_NAME=event, GITHUB_REF="refs/heads/main")
        assert planned["suites"] == ["calc", "text"]
        (reason,) = planned["matrix"]["include"][0]["reasons"]
        assert reason == f"everything runs on refs/heads/main ({event})"


@pytest.mark.security
def test_a_change_between_the_kept_result_and_the_base_counts(home: Repository) -> None:
    home.git("checkout", "-q", "main")
    edit(home, "calc/__init__.py")
    home.git("checkout", "-qB", "change")
    edit(home, "README.md")
    planned = plan(home)
    assert planned["suites"] == ["calc"]
    assert planned["matrix"]["include"][0]["reasons"] == ["calc/__init__.py changed: its source"]


@pytest.mark.security
def test_without_a_kept_result_a_suite_runs(home: Repository) -> None:
    shutil.rmtree(home.root / "coverage/history/calc")
    edit(home, "README.md")
    planned = plan(home)
    assert planned["suites"] == ["calc"]
    assert planned["matrix"]["include"][0]["reasons"] == ["no earlier result is kept"]


@pytest.mark.security
def test_a_result_that_went_away_since_the_plan_is_red(home: Repository) -> None:
    edit(home, "README.md")
    plan(home)
    shutil.rmtree(home.root / "coverage/history/calc")
    collected = home.covernance("collect", "nothing-arrived")
    assert collected.code == 2
    assert "calc: did not run, and nothing stands for it: its result of" in collected.err


class Graph(NamedTuple):
    """Modules that import each other: `a.m0` to `c.m2` of three suites, and `shared`'s."""

    imports: dict[str, list[str]]
    edited: str


MODULES = [f"{package}.m{number}" for package in ("a", "b", "c", "shared") for number in range(3)]
GRAPHS = st.builds(
    Graph,
    st.fixed_dictionaries(
        {name: st.lists(st.sampled_from(MODULES), max_size=2, unique=True) for name in MODULES}
    ),
    st.sampled_from(MODULES),
)


def reached(graph: Graph, suite: str) -> set[str]:
    """The modules that a suite's own may import, told without grimp."""
    found = {name for name in MODULES if name.startswith(f"{suite}.")}
    waiting = list(found)
    while waiting:
        news = set(graph.imports[waiting.pop()]) - found
        found |= news
        waiting += news
    return found


@given(graph=GRAPHS)
@settings(max_examples=12)
def test_an_edit_of_what_a_suite_may_import_runs_the_suite_and_no_other_edit_does(
    home: Repository, graph: Graph
) -> None:
    suites = "".join(
        f'[tool.covernance.suites.{name}]\nsource = ["{name}"]\ntests = ["tests/{name}"]\n'
        for name in "abc"
    )
    files = {f"{name.replace('.', '/')}.py": graph.imports[name] for name in MODULES}
    texts = {
        path: "".join(f"import {module}\n" for module in imported)
        for path, imported in files.items()
    }
    texts["pyproject.toml"] = '[tool.covernance]\nthemes = ["security"]\n' + suites
    texts |= {f"tests/{name}/test_it.py": f"import {name}.m0\n" for name in "abc"}
    sample = read(next((home.root / "coverage/history").rglob("*.json")))
    with tempfile.TemporaryDirectory() as folder:
        repository = Repository(Path(folder, "r"), texts | {".coveragerc": COVERAGERC})
        repository.git("init", "-q", "-b", "main")
        repository.git("add", "-A")
        repository.git("commit", "-qm", "start")
        began = repository.git("rev-parse", "HEAD")
        table = load(repository.root)
        store = Directory(repository.root / "coverage/history")
        source = msgspec.structs.replace(sample.provenance, commit=began, config=table.digest())
        store.add(
            [msgspec.structs.replace(sample, suite=name, provenance=source) for name in "abc"]
        )
        repository.append(f"{graph.edited.replace('.', '/')}.py", "# edited\n")

        decided = decide(table, Listed(store), began, {}, datetime.now(UTC))

    running = {name for name, decision in decided.items() if decision.entry is None}
    assert running == {name for name in "abc" if graph.edited in reached(graph, name)}
