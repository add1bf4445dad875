"""`tests.yml` on a small repository: what each mishap does to jobs, artifacts and the summary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.workflows import miniature
from tests.e2e.workflows.act import Run, Runner
from tests.e2e.workflows.forge import READER, WRITER, Event, Forge, forge

pytestmark = pytest.mark.reliability

HISTORY = "coverage-history"
UNITS = {"unit-api", "unit-auth", "unit-logs"}
HOUSE = {"plan", "lint", "integration"}
ALWAYS = {"coverage-plan", "coverage-comment", "coverage-report"}
STEPS = ("Jobs", "Collect", "Guard", "Changed lines", "Integrity", "Exception register")
REPORTS = {
    *("{0}.json", "{0}.xml", "{0}.junit.xml", "{0}.snapshot.json"),
    *("data/{0}/.coverage", "html/{0}/index.html"),
}


class Project:
    """The miniature on its forge, and what runs its workflows."""

    def __init__(self, folder: Path, remote: Forge) -> None:
        self.remote = remote
        self.runner = Runner(folder / "runs", remote)
        self.repository = miniature.create(remote.work)
        remote.commit("Start")

    def run(
        self,
        event: Event,
        *,
        token: str = WRITER,
        codecov: str = "",
        secret: str = "",
        run_id: int | None = None,
        attempt: int = 1,
    ) -> Run:
        return self.runner.run(
            "tests.yml",
            event,
            run_id=run_id,
            attempt=attempt,
            token=token,
            variables={"CODECOV": codecov} if codecov else {},
            secrets={"CODECOV_TOKEN": secret} if secret else {},
        )

    def change(self, branch: str, path: str, before: str, after: str) -> None:
        """Commit one replacement on a branch of its own."""
        self.remote.branch(branch)
        file = self.repository.root / path
        text = file.read_text(encoding="utf-8")
        assert before in text
        file.write_text(text.replace(before, after), encoding="utf-8")
        self.remote.commit(branch)

    @property
    def kept(self) -> list[str]:
        """The suites of the results in history."""
        return [name.partition("/")[0] for name in self.remote.files(HISTORY)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("miniature")
    with forge(folder) as remote:
        yield Project(folder, remote)


@pytest.fixture(scope="module")
def first(project: Project) -> Run:
    """The first run on the default branch, started by hand."""
    return project.run(project.remote.dispatch(bootstrap="true"))


@pytest.fixture
def governed(project: Project, first: Run) -> Iterator[Project]:
    """The project with a history, and a work tree on the default branch."""
    yield project
    project.remote.switch()


def red(run: Run) -> set[str]:
    return {name for name, result in run.results.items() if result == "failure"}


def green(run: Run) -> set[str]:
    return {name for name, result in run.results.items() if result == "success"}


def verdicts(run: Run) -> dict[str, str]:
    """Each suite's verdict in the summary's table."""
    return dict(re.findall(r"^\| (\w+) \|.*`([\w-]+)` \|$", run.summary, re.MULTILINE))


def steps(run: Run) -> dict[str, bool]:
    """What the summary's first line says of the gate's steps."""
    found: list[tuple[str, str]] = re.findall(r"(✅|❌) `([^`]+)`", run.summary.splitlines()[2])
    return {name: sign == "✅" for sign, name in found}


def section(run: Run, heading: str) -> str:
    """What the summary says below a heading."""
    return run.summary.partition(f"### `{heading}`\n")[2].partition("\n### ")[0]


@pytest.mark.security
def test_without_a_history_nothing_is_green_by_itself(project: Project) -> None:
    run = project.run(project.remote.push())
    assert red(run) == UNITS | {"gate"}, run.log
    assert run.results["history"] == "skipped"
    assert "api: no-baseline" in section(run, "Guard")
    assert project.kept == []


def test_all_green_with_artifacts_summary_and_history(project: Project, first: Run) -> None:
    assert green(first) == HOUSE | UNITS | {"gate", "history"}, first.log
    assert first.results["codecov"] == "skipped"
    assert set(first.artifacts) == ALWAYS | {f"coverage-{unit}" for unit in UNITS}
    for suite in miniature.SUITES:
        files = first.files(f"coverage-unit-{suite}")
        assert {name.format(suite) for name in REPORTS} <= files
        assert all(suite in name for name in files)
    assert {"baseline.json", "html/index.html", "metrics.prom"} <= first.files("coverage-report")
    assert {first.retention(name) for name in first.artifacts} == {14}
    assert verdicts(first) == dict.fromkeys(miniature.SUITES, "pass")
    assert steps(first) == dict.fromkeys(STEPS, True)
    assert "api: no-baseline, accepted by --bootstrap" in section(first, "Guard")
    comment = (first.artifacts["coverage-comment"] / "comment.md").read_text(encoding="utf-8")
    assert comment.strip() == first.summary.strip()
    assert project.kept == list(miniature.SUITES)


def test_the_next_run_on_the_default_branch_compares_and_extends_history(governed: Project) -> None:
    before = governed.remote.commit_of(HISTORY)
    governed.repository.append("README.md", "A project.\n")
    governed.remote.commit("Say what it is")
    run = governed.run(governed.remote.push(), codecov="token", secret="s3cret")
    assert green(run) >= HOUSE | UNITS | {"gate", "history"}, run.log
    assert "api: pass, compared with " in section(run, "Guard")
    assert governed.kept == sorted(miniature.SUITES * 2)
    assert governed.remote.is_ancestor(before, HISTORY)
    sent = {(note["flags"], note["files"], note["token"]) for note in run.notes("codecov_action")}
    assert sent == {(name, f"coverage/{name}.xml", "given") for name in miniature.SUITES}


def test_a_failing_test_is_red_and_its_results_are_there(governed: Project) -> None:
    governed.change("failing", "tests/api/test_api.py", "divide(4, 2) == 2", "divide(4, 2) == 3")
    run = governed.run(governed.remote.pull_request())
    assert red(run) == {"unit-api", "gate"}, run.log
    assert set(run.artifacts) == ALWAYS | {"coverage-unit-api"}
    assert "api.snapshot.json" in run.files("coverage-unit-api")
    assert verdicts(run) == {"api": "tests-failed", "auth": "pass", "logs": "pass"}
    assert "test_divide" in run.summary
    assert run.results["history"] == "skipped"


def test_a_floor_that_is_not_met_is_red_and_warns_on_the_lines(governed: Project) -> None:
    more = "".join(f"    if value == {number}:\n        value += 1\n" for number in range(5))
    untested = f"def never(value):\n{more}    return value\n"
    governed.change("floor", "auth/auth_parts.py", "def clamp", f"{untested}\n\ndef clamp")
    run = governed.run(governed.remote.pull_request())
    assert red(run) == {"unit-auth", "gate"}, run.log
    assert verdicts(run) == {"api": "pass", "auth": "below-floor", "logs": "pass"}
    warnings = [note for note in run.jobs["gate"].annotations if note[0] == "warning"]
    assert [(file, text) for _, file, _, text in warnings] == [
        ("auth/auth_parts.py", "This did not run.")
    ]
    assert "auth: below-floor: " in section(run, "Changed lines")
    assert "+| `auth/auth_parts.py` | auth |" in section(run, "Exception register")


def test_a_drop_against_history_is_red_above_the_floor(governed: Project) -> None:
    governed.change(
        "drop", "tests/logs/test_logs.py", "(0, 2, 4)] == [1, 2, 3]", "(0, 2)] == [1, 2]"
    )
    run = governed.run(governed.remote.pull_request())
    assert red(run) == {"unit-logs", "gate"}, run.log
    assert verdicts(run) == dict.fromkeys(miniature.SUITES, "pass")
    assert [name for name, good in steps(run).items() if not good] == ["Jobs", "Guard"]
    assert "logs: dropped, compared with " in section(run, "Guard")
    assert "| logs | total | 100.00 | 92.30 | -7.70 |" in run.summary


def test_a_leg_whose_artifact_is_missing_is_red_not_smaller(governed: Project) -> None:
    governed.change("lost", "pyproject.toml", "fail-under = 90", "fail-under = 90  # of all")
    event = governed.remote.pull_request()
    with lost(governed, "coverage-unit-auth"):
        run = governed.run(event, run_id=77)
    assert green(run) == HOUSE | UNITS, run.log
    assert red(run) == {"gate"}
    assert "coverage-unit-auth" not in run.artifacts
    assert "no result from these planned jobs: auth" in run.jobs["gate"].log
    assert verdicts(run) == {"api": "pass", "auth": "missing", "logs": "pass"}
    with lost(governed, "coverage-unit-api"):  # as if this job had not been started again
        again = governed.run(event, run_id=77, attempt=2)
    assert green(again) == HOUSE | UNITS | {"gate"}, again.log


@contextmanager
def lost(project: Project, artifact: str) -> Iterator[None]:
    """Let uploads of an artifact come to nothing."""
    note = project.runner.store / "upload_artifact.lose"
    note.write_text(artifact, encoding="utf-8")
    yield
    note.unlink()


def test_a_plan_that_fails_skips_the_suites_and_is_red_at_the_gate(governed: Project) -> None:
    governed.change("broken", "pyproject.toml", "fail-under = 90", "fail-under = 900")
    run = governed.run(governed.remote.pull_request())
    assert red(run) >= {"plan", "gate"}, run.log
    assert run.results["unit"] == "skipped"
    assert "fail-under: 900 is not a percentage" in run.jobs["plan"].log
    assert "plan failure, unit skipped" in str(run.jobs["gate"].annotations)


@pytest.mark.security
def test_a_lowered_floor_is_red_until_a_maintainer_labels_it(governed: Project) -> None:
    governed.change("lower", "pyproject.toml", "fail-under = 90", "fail-under = 80")
    run = governed.run(governed.remote.pull_request())
    assert red(run) == {"gate"}, run.log
    assert [name for name, good in steps(run).items() if not good] == ["Integrity"]
    assert "floor-lowered: 90 -> 80" in section(run, "Integrity")
    labels = ("bug", "allow-floor-lowered")
    allowed = governed.run(governed.remote.pull_request(labels=labels, action="labeled"))
    assert red(allowed) == set(), allowed.log
    assert "floor-lowered: 90 -> 80 (allowed by label)" in section(allowed, "Integrity")


@pytest.mark.security
def test_a_fork_reads_history_and_gets_no_secret_and_writes_nothing(governed: Project) -> None:
    before = governed.remote.commit_of(HISTORY)
    governed.change("fork", "api/api_parts.py", '"""Divide."""', '"""Divide once."""')
    notes = len(governed.runner.notes("codecov_action"))
    run = governed.run(governed.remote.pull_request(fork=True), token=READER, codecov="token")
    assert green(run) == HOUSE | {"unit-api", "gate"}, run.log
    assert (run.results["history"], run.results["codecov"]) == ("skipped", "skipped")
    assert "api: pass, compared with " in section(run, "Guard")
    assert governed.remote.commit_of(HISTORY) == before
    assert len(governed.runner.notes("codecov_action")) == notes


def test_a_pull_request_runs_what_it_touches_and_carries_the_rest(governed: Project) -> None:
    base = governed.remote.commit_of("main")
    governed.change("one", "logs/logs_parts.py", '"""Numbers."""', '"""Numbers and more."""')
    run = governed.run(governed.remote.pull_request())
    assert green(run) == HOUSE | {"unit-logs", "gate"}, run.log
    assert "logs/logs_parts.py changed: its last run read it" in run.jobs["plan"].outputs["matrix"]
    assert verdicts(run) == dict.fromkeys(miniature.SUITES, "pass")
    assert steps(run) == dict.fromkeys(STEPS, True)
    carried = rf"`carried from {base[:12]}, \d min old`"
    told = rf"Not measured by this run: api \({carried}\), auth \({carried}\)"
    assert re.search(told, run.summary)
    assert "baseline: not written: no data for api, auth" in run.jobs["gate"].log
    assert "baseline.json" not in run.files("coverage-report")


def test_a_pull_request_that_touches_no_suite_is_green_by_what_is_carried(
    governed: Project,
) -> None:
    governed.remote.branch("prose")
    governed.repository.append("README.md", "Words.\n")
    governed.remote.commit("prose")
    run = governed.run(governed.remote.pull_request(), codecov="oidc")
    assert green(run) == HOUSE | {"gate"}, run.log
    assert (run.results["unit"], run.results["codecov"]) == ("skipped", "skipped")
    assert verdicts(run) == dict.fromkeys(miniature.SUITES, "pass")


def test_a_sharded_suite_has_the_same_result_and_an_outage_of_codecov_fails_nothing(
    governed: Project, first: Run
) -> None:
    governed.change(
        "shards", "pyproject.toml", 'tests = ["tests/api"]', 'tests = ["tests/api"]\nshards = 2'
    )
    outage = governed.runner.store / "codecov_action.fail"
    outage.touch()
    run = governed.run(governed.remote.pull_request(), codecov="oidc")
    outage.unlink()
    shards = {"unit-api-1-of-2", "unit-api-2-of-2"}
    assert green(run) >= HOUSE | {"gate"} | shards | UNITS - {"unit-api"}, run.log
    for number in (1, 2):
        assert f"parts/api-{number}-of-2/part.json" in run.files(f"coverage-unit-api-{number}-of-2")
    assert rows(run, "api") == rows(first, "api")
    assert "api: pass, compared with " in section(run, "Guard")


def rows(run: Run, suite: str) -> list[str]:
    return [line for line in run.summary.splitlines() if line.startswith(f"| {suite} |")]
