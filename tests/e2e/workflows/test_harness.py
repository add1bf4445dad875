"""The harness itself: what its stand-ins promise is what the actions' documentation promises."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.workflows.act import Runner
from tests.e2e.workflows.forge import READER, Forge, forge, git

pytestmark = pytest.mark.reliability

CHECKOUT = "actions/checkout@" + "3d3c42e5aac5ba805825da76410c181273ba90b1"
UPLOAD = "actions/upload-artifact@" + "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"
DOWNLOAD = "actions/download-artifact@" + "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"
SCRIPT = "actions/github-script@" + "3a2844b7e9c422d3c10d287c895573f7108da1b3"


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Forge]:
    with forge(tmp_path) as served:
        yield served


def workflow(remote: Forge, jobs: str) -> None:
    path = remote.work / ".github/workflows/w.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"on: [push, pull_request]\npermissions: {{}}\njobs:\n{jobs}", encoding="utf-8")
    remote.commit("A workflow")


def test_results_summaries_outputs_and_annotations_are_read_back(
    tmp_path: Path, remote: Forge
) -> None:
    workflow(
        remote,
        """
  plan:
    runs-on: ubuntu-24.04
    outputs: {legs: "${{ steps.legs.outputs.legs }}"}
    steps:
      - id: legs
        run: |
          echo 'legs={"include":[{"leg":"one"},{"leg":"two"}]}' >> "$GITHUB_OUTPUT"
          echo '# Plan' >> "$GITHUB_STEP_SUMMARY"
  leg:
    needs: plan
    name: leg-${{ matrix.leg }}
    strategy: {fail-fast: false, matrix: "${{ fromJSON(needs.plan.outputs.legs) }}"}
    runs-on: ubuntu-24.04
    steps:
      - run: echo "::warning file=a.py,line=3::did not run"; test "$LEG" = one
        env: {LEG: "${{ matrix.leg }}"}
  after:
    needs: leg
    runs-on: ubuntu-24.04
    steps: [run: echo never]
  always:
    needs: [leg, after]
    if: always()
    runs-on: ubuntu-24.04
    steps:
      - run: echo "$LEG $AFTER"
        env: {LEG: "${{ needs.leg.result }}", AFTER: "${{ needs.after.result }}"}
""",
    )
    run = Runner(tmp_path / "runs", remote).run("w.yml", remote.push())
    assert run.results == {
        "plan": "success",
        "leg-one": "success",
        "leg-two": "failure",
        "after": "skipped",
        "always": "success",
    }, run.log
    assert run.summary.strip() == "# Plan"
    assert run.jobs["plan"].outputs["legs"].startswith('{"include"')
    assert run.jobs["leg-one"].annotations == [("warning", "a.py", "3", "did not run")]
    assert run.jobs["always"].log.strip() == "failure skipped"


def test_artifacts_are_what_the_documentation_promises(tmp_path: Path, remote: Forge) -> None:
    workflow(
        remote,
        f"""
  up:
    runs-on: ubuntu-24.04
    steps:
      - run: mkdir -p out/data && touch out/a.json out/data/.hidden out/data/b out/c.txt
      - uses: {UPLOAD}
        with: {{name: seen, path: "out/a.json\\nout/data"}}
      - uses: {UPLOAD}
        with:
          {{name: all, path: "out/\\n!out/*.txt", include-hidden-files: true, retention-days: 3}}
      - uses: {UPLOAD}
        with: {{name: nothing, path: none/*}}
  twice:
    needs: up
    runs-on: ubuntu-24.04
    steps:
      - run: touch a
      - uses: {UPLOAD}
        with: {{name: all, path: a}}
  empty:
    runs-on: ubuntu-24.04
    steps:
      - uses: {UPLOAD}
        with: {{name: empty, path: none, if-no-files-found: error}}
  down:
    needs: up
    runs-on: ubuntu-24.04
    steps:
      - uses: {DOWNLOAD}
        with: {{pattern: "*e*", path: many}}
      - uses: {DOWNLOAD}
        with: {{name: all, path: one}}
      - run: find many one -type f | sort
      - uses: {DOWNLOAD}
        with: {{name: missing}}
""",
    )
    run = Runner(tmp_path / "runs", remote).run("w.yml", remote.push())
    assert run.results == {
        "up": "success",
        "twice": "failure",
        "empty": "failure",
        "down": "failure",
    }, run.log
    assert run.files("seen") == {"a.json", "data/b"}
    assert run.files("all") == {"a.json", "data/b", "data/.hidden"}
    assert run.retention("all") == 3
    assert set(run.artifacts) == {"seen", "all"}
    assert run.jobs["down"].log.split()[-7:-1] != []
    assert "many/seen/data/b" in run.jobs["down"].log
    assert "one/data/.hidden" in run.jobs["down"].log
    assert "already exists" in str(run.jobs["twice"].annotations)


@pytest.mark.security
def test_a_checkout_is_the_events_commit_and_keeps_credentials_only_where_asked(
    tmp_path: Path, remote: Forge
) -> None:
    workflow(
        remote,
        f"""
  without:
    runs-on: ubuntu-24.04
    steps:
      - uses: {CHECKOUT}
        with: {{persist-credentials: false, fetch-depth: 0}}
      - run: git rev-parse HEAD; git fetch origin main
  with:
    runs-on: ubuntu-24.04
    steps:
      - uses: {CHECKOUT}
      - run: git rev-list --count HEAD; git push origin HEAD:refs/heads/new
""",
    )
    remote.branch("topic")
    (remote.work / "more").touch()
    remote.commit("More")
    event = remote.pull_request(fork=True)
    runner = Runner(tmp_path / "runs", remote)
    fork = runner.run("w.yml", event, token=READER)
    assert fork.results == {"without": "failure", "with": "failure"}
    assert fork.jobs["without"].log.startswith(event.commit), fork.log
    assert remote.files("new") == []
    own = runner.run("w.yml", event)
    assert own.results == {"without": "failure", "with": "success"}, own.log
    assert "more" in remote.files("new")
    assert git(remote.work, "rev-list", "--count", "HEAD") == "2"


def test_a_script_is_answered_from_a_file_and_its_calls_are_noted(
    tmp_path: Path, remote: Forge
) -> None:
    workflow(
        remote,
        f"""
  script:
    runs-on: ubuntu-24.04
    steps:
      - uses: {SCRIPT}
        with:
          script: |
            const all = await github.paginate(github.rest.issues.listComments, {{issue_number: 1}})
            core.setOutput('count', all.length)
            await github.rest.issues.createComment({{...context.repo, body: 'hello'}})
""",
    )
    runner = Runner(tmp_path / "runs", remote)
    answers = '{"issues.listComments": [[{"id": 1}], [{"id": 2}]], "issues.createComment": [{}]}'
    (runner.store / "github.json").write_text(answers, encoding="utf-8")
    run = runner.run("w.yml", remote.push())
    assert run.results == {"script": "success"}, run.log
    assert run.jobs["script"].outputs["count"] == "2"
    assert [note["name"] for note in run.notes("github_script")] == [
        "issues.listComments",
        "issues.createComment",
    ]
