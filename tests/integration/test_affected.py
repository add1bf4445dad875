"""Plans of what a change affects, on real git, traces, pytest and coverage.py."""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from covernance.affected.policy import input_reasons
from covernance.git.listing import list_differences, list_tracked
from covernance.model.inputs import KINDS
from covernance.model.snapshot import read
from covernance.reuse.evidence import Seen
from covernance.reuse.repository_inputs import list_inputs
from covernance.reuse.seen import Looks, Sightings
from covernance.reuse.traces import Gathered
from tests.integration.reuse_sample import FILES as SAMPLE_FILES
from tests.integration.reuse_sample import Sample
from tests.utils.repository import PYTEST, Repository

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
    assert leg["reasons"] == ["text/__init__.py changed: its last run read it"]
    left_out = f"nothing that it depends on changed since {began[:12]}"
    assert planned["left_out"] == {"calc": left_out}
    told = home.covernance("plan", "--affected", "--base", "main")
    assert told.out == (
        "text: nox -s tests_unit_text\n"
        "  text/__init__.py changed: its last run read it\n"
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
    assert re.search(f"calc: {carried}; its data and reports are not available", collected.out)
    assert re.search(rf"calc: pass: .*; {carried}\n", collected.out)
    assert "baseline: not written: no data for calc (carried)" in collected.out
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
    assert "calc: the last result was carried forward from an earlier commit" in combined.err
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
    assert leg["reasons"] == ["shared/words.py changed: its last run read it"]


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
    for name in ("push", "schedule", "merge_group", "workflow_dispatch"):
        planned = plan(home, GITHUB_EVENT_NAME=name, GITHUB_REF="refs/heads/main")
        assert planned["suites"] == ["calc", "text"]
        (reason,) = planned["matrix"]["include"][0]["reasons"]
        assert reason == f"everything runs on refs/heads/main ({name})"


@pytest.mark.security
def test_a_change_between_the_kept_result_and_the_base_counts(home: Repository) -> None:
    home.git("checkout", "-q", "main")
    edit(home, "calc/__init__.py")
    home.git("checkout", "-qB", "change")
    edit(home, "README.md")
    planned = plan(home)
    assert planned["suites"] == ["calc"]
    assert planned["matrix"]["include"][0]["reasons"] == [
        "calc/__init__.py changed: its last run read it"
    ]


@pytest.mark.security
def test_without_a_kept_result_a_suite_runs(home: Repository) -> None:
    shutil.rmtree(home.root / "coverage/history/calc")
    edit(home, "README.md")
    planned = plan(home)
    assert planned["suites"] == ["calc"]
    assert planned["matrix"]["include"][0]["reasons"] == [
        "no stored result for the base commit or any commit before it"
    ]


@pytest.mark.security
def test_a_result_that_went_away_since_the_plan_is_red(home: Repository) -> None:
    edit(home, "README.md")
    plan(home)
    shutil.rmtree(home.root / "coverage/history/calc")
    collected = home.covernance("collect", "nothing-arrived")
    assert collected.code == 2
    assert "calc: did not run; no earlier result can be used: its result of" in collected.err


@pytest.mark.security
def test_a_result_that_does_not_list_its_inputs_runs_its_suite(home: Repository) -> None:
    stored = next((home.root / "coverage/history/calc").rglob("*.json"))
    older = json.loads(stored.read_text(encoding="utf-8"))
    del older["inputs"]
    stored.write_text(json.dumps(older), encoding="utf-8")
    edit(home, "README.md")
    planned = plan(home)
    assert planned["suites"] == ["calc"]
    reason = "its stored result does not list what it depends on"
    assert planned["matrix"]["include"][0]["reasons"] == [reason]


LINKS = {
    "up": "../a",
    "folder": "d",
    "deep": "d/e",
    "none": "missing",
    "self": "l",
    "out": "d/../a",
}
CONTENTS = st.sampled_from(["", "0", "1", "#!", *LINKS])
"""Of a file, or where a link points; `#!` makes a program."""

TREES = st.dictionaries(
    st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f/a", "f/g/a", "l", "d/l"]),
    CONTENTS,
    max_size=7,
)
SEEN = [".", "a", "b", "d", "d/a", "d/e", "d/e/a", "f", "f/g/a", "l", "l/a", "d/l", "d/l/a"]
ODD = ["missing", "missing/../a", "d/../f/a", "l/../b"]
LOOKS = st.sets(st.tuples(st.sampled_from(KINDS), st.sampled_from([*SEEN, *ODD])), max_size=4)


def fill(root: Path, tree: dict[str, str]) -> None:
    """Make a checkout hold a tree; what does not fit beside the rest is left out."""
    for path in root.iterdir():
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.name != ".git":
            shutil.rmtree(path)
    for name, content in sorted(tree.items()):
        path = root / name
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if content in LINKS:
                path.symlink_to(LINKS[content])
            elif not path.is_symlink():
                path.write_text(content, encoding="utf-8")
                path.chmod(0o755 if content == "#!" else 0o644)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A checkout that holds nothing yet."""
    made = Repository.at(tmp_path_factory.mktemp("trees"))
    made.git("init", "-q", "-b", "main")
    return made


@pytest.mark.security
@given(before=TREES, after=TREES, looks=LOOKS, committed=st.booleans())
@settings(max_examples=150)
def test_a_suite_that_saw_anything_that_differs_is_affected(
    checkout: Repository,
    before: dict[str, str],
    after: dict[str, str],
    looks: set[tuple[str, str]],
    *,
    committed: bool,
) -> None:
    root = checkout.root
    fill(root, before)
    began = commit(checkout)
    sightings = Sightings(root)
    for kind, path in looks:
        sightings.add(kind, path, Looks(root).look(kind, path))
    seen = sightings.seen()
    traced = Gathered(seen=seen, installed=frozenset(), programs=(), refusals=())
    inputs = list_inputs(root, traced, Seen(), Seen(), list_tracked(root))

    fill(root, after)
    if committed:
        commit(checkout)
    reasons = input_reasons(inputs, list_differences(root, began))

    event(f"affected: {bool(reasons)}")
    if not reasons:
        assert Looks(root).again(seen) == seen


def commit(checkout: Repository) -> str:
    checkout.git("add", "-A")
    checkout.git("commit", "-q", "--allow-empty", "-m", "step")
    return checkout.git("rev-parse", "HEAD")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A repository whose tests read in many ways, after a traced run."""
    made = Sample(tmp_path_factory.mktemp("sample"))
    assert made.ran.code == 0, made.ran.text
    return made


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["append", "remove", "rename", "program"]),
        st.sampled_from(
            [*SAMPLE_FILES, "notes.md", "overrides/local.toml", "calc/new.py", "json.py"]
        ),
    ),
    min_size=1,
    max_size=3,
)


@pytest.mark.security
@given(edits=EDITS)
@settings(max_examples=25)
def test_a_suite_is_left_out_only_if_its_run_read_nothing_that_was_edited(
    sample: Sample, edits: list[tuple[str, str]]
) -> None:
    sample.restore()
    root = sample.root
    for what, name in edits:
        path = root / name
        if what == "append":
            path.parent.mkdir(parents=True, exist_ok=True)
            sample.append(name)
        elif what == "program" and path.exists():
            path.chmod(0o755)
        elif what == "remove":
            path.unlink(missing_ok=True)
        elif what == "rename" and path.exists():
            path.rename(path.with_name(f"renamed-{path.name}"))
    difference = list_differences(root, sample.repository.git("rev-parse", "HEAD"))
    for suite in ("calc", "plain", "tool"):
        seen = sample.evidence(suite).seen
        inside = Seen(
            **{
                kind: {path: state for path, state in getattr(seen, kind).items() if path[0] != "/"}
                for kind in KINDS
            }
        )
        inputs = read(root / f"coverage/{suite}.snapshot.json").inputs
        affected = bool(input_reasons(inputs, difference))
        event(f"{suite} affected: {affected}")
        assert affected or Looks(root).again(inside) == inside


def test_what_no_suite_reads_affects_only_the_one_that_starts_programs(sample: Sample) -> None:
    sample.restore()
    sample.append("README.md")
    difference = list_differences(sample.root, "HEAD")
    reasons = {
        suite: input_reasons(
            read(sample.root / f"coverage/{suite}.snapshot.json").inputs, difference
        )
        for suite in ("calc", "plain", "tool")
    }
    started = "README.md changed: it starts /usr/bin/cat, which can read anything"
    assert reasons == {"calc": (), "plain": (), "tool": (started,)}


def test_another_version_of_a_file_that_a_link_leads_to_affects_its_reader(sample: Sample) -> None:
    sample.restore()
    sample.append("releases/1/version.txt")
    (sample.root / "data/link.txt").unlink()
    (sample.root / "data/link.txt").symlink_to("target_b.txt")
    inputs = read(sample.root / "coverage/calc.snapshot.json").inputs
    assert input_reasons(inputs, list_differences(sample.root, "HEAD")) == (
        "data/link.txt changed: its last run read it",
        "releases/1/version.txt changed: its last run read it",
    )
