from __future__ import annotations

import pytest

from covernance.integrity.ci_files import compare_ci_files, may_be_ci_file

pytestmark = pytest.mark.security

WORKFLOW = ".github/workflows/tests.yml"
BEFORE = """\
on: push
jobs:
  tests:
    steps:
      - run: covernance run
      - run: covernance guard
      - run: covernance integrity
"""


def found(before: str, after: str, path: str = WORKFLOW) -> list[tuple[str, str, str, str]]:
    return [
        (finding.kind, finding.where, finding.before, finding.after)
        for finding in compare_ci_files([(path, before, after)])
    ]


@pytest.mark.parametrize(
    "line",
    [
        "COVERAGE_SOFT: 1",
        "COVERAGE_FAIL_UNDER: 10",
        "COVERAGE_FAIL_UNDER_API=10 nox",
        'session.env["COVERAGE_RCFILE"] = "lean.ini"',
        "export COVERAGE_ALLOW=test-deleted",
        "COVERAGE_LABELS: allow-floor-lowered",
        "  COVERAGE_BOOTSTRAP = true",
        "export COVERAGE_PARTIAL_OK=1",
        "COVERAGE_HISTORY_STORE: directory",
        'PYTEST_ADDOPTS: "-k add"',
        "GITHUB_BASE_REF=own covernance guard",
        "GITHUB_EVENT_PATH: own.json",
        "- run: covernance guard --soft",
        "covernance integrity --allow=test-deleted",
        "          --fail-under 10",
        '    "--partial-ok",',
        "nox -s tests_unit_api -- --fail-under 10",
        "make coverage ARGS=--soft",
        "git fetch && covernance guard --base HEAD",
        "covernance patch --min-lines 999",
        "scripts/coverage_baseline.sh --suite api --bootstrap",
        "- run: covernance guard || true",
        "covernance guard || exit 0",
        "covernance guard; true",
        "continue-on-error: true",
        "continue-on-error: ${{ github.ref != 'x' }}",
        "allow_failure: true",
    ],
)
def test_a_new_override_is_a_finding(line: str) -> None:
    number = len(BEFORE.splitlines()) + 1
    assert found(BEFORE, f"{BEFORE}{line}\n") == [
        ("override-added", f"{WORKFLOW}:{number}", "none", line.strip())
    ]


@pytest.mark.reliability
@pytest.mark.parametrize(
    "line",
    [
        "# COVERAGE_SOFT: 1",
        "// covernance guard --soft",
        'echo "$COVERAGE_SOFT ${COVERAGE_FAIL_UNDER}"',
        "MY_COVERAGE_SOFT: 1",
        'if [ "$GITHUB_EVENT_NAME" == push ]; then',
        "COVERAGE_SOFTWARE: 1",
        "covernance guard --soften",
        "git reset --soft HEAD~1",
        "gh pr create --base main",
        "coverage report --fail-under=80",
        'session.run("coverage", "report", "--fail-under=80")',
        "pip install --allow-downgrades x",
        "rm -f x || true",
        "continue-on-error: false",
        "allow_failure: false",
        "covernance guard",
    ],
)
def test_other_lines_are_none(line: str) -> None:
    assert found(BEFORE, f"{BEFORE}{line}\n") == []


def test_options_of_other_tools_are_none_where_ours_is_not_started() -> None:
    assert found("", "run: mytool --soft || true\ncontinue-on-error: true\n") == []
    assert len(found("", "run: mytool\nenv: COVERAGE_SOFT=1\n")) == 1


def test_a_line_that_moved_is_not_new_and_another_value_is() -> None:
    before = "COVERAGE_FAIL_UNDER: 80\nname: x\n"
    assert found(before, "name: x\n  COVERAGE_FAIL_UNDER: 80\n") == []
    assert found(before, "COVERAGE_FAIL_UNDER: 70\n")[0][3] == "COVERAGE_FAIL_UNDER: 70"
    twice = found(before, f"{before}COVERAGE_FAIL_UNDER: 80\n")
    assert [where for _, where, _, _ in twice] == [f"{WORKFLOW}:3"]


def test_a_gate_that_is_not_run_any_more_is_a_finding() -> None:
    assert found(BEFORE, BEFORE.replace("covernance guard", "true")) == [
        ("gate-removed", f"{WORKFLOW}:6", "- run: covernance guard", "none")
    ]
    assert found(BEFORE, BEFORE.replace("- run: covernance guard", "# covernance guard")) == [
        ("gate-removed", f"{WORKFLOW}:6", "- run: covernance guard", "none")
    ]
    assert [kind for kind, *_ in found(BEFORE, "")] == ["gate-removed"] * 2


def test_a_gate_that_moved_to_another_file_is_still_run() -> None:
    moved = ("Makefile", "", "gate:\n\tcovernance guard\n\tcovernance exceptions check\n")
    after = BEFORE.replace("covernance guard", "make gate")
    assert list(compare_ci_files([(WORKFLOW, BEFORE, after), moved])) == []
    (finding,) = compare_ci_files([("Makefile", moved[2], moved[2].replace(" check", " list"))])
    assert (finding.kind, finding.where) == ("gate-removed", "Makefile:3")


@pytest.mark.parametrize(
    "path",
    [
        WORKFLOW,
        ".github/actions/x/run.py",
        ".gitlab-ci.yml",
        ".circleci/config",
        "scripts/ci/run.py",
        "Makefile",
        "sub/Makefile.common",
        "noxfile.py",
        "tox.ini",
        "run.sh",
        "pyproject.toml",
        "action.yml",
        "Dockerfile.test",
        ".env.ci",
    ],
)
def test_files_that_start_the_tool_are_read(path: str) -> None:
    assert may_be_ci_file(path)
    assert len(found("", "COVERAGE_SOFT=1\n", path)) == 1


@pytest.mark.reliability
@pytest.mark.parametrize(
    "path", ["README.md", "docs/ci/page.md", "src/covernance/cli.py", "tests/a.toml", "x.txt"]
)
def test_other_files_are_not_read(path: str) -> None:
    assert not may_be_ci_file(path)
    assert found("", "#!/bin/sh\nCOVERAGE_SOFT=1\n", path) == []


def test_a_file_without_a_suffix_is_read_if_it_is_a_script() -> None:
    assert len(found("", "#!/bin/sh\nCOVERAGE_SOFT=1\n", "tool")) == 1
    assert len(found("#!/bin/sh\ncovernance guard\n", "", "tool")) == 1
    assert found("", "COVERAGE_SOFT=1\n", "tool") == []


def test_a_separator_that_only_yaml_sees_hides_nothing() -> None:
    assert [where for _, where, *_ in found("", "# nothing\rCOVERAGE_SOFT: 1\n")] == [
        f"{WORKFLOW}:1"
    ]


@pytest.mark.reliability
def test_a_long_line_is_cut() -> None:
    (finding,) = compare_ci_files([(WORKFLOW, "", f"COVERAGE_SOFT: {'x ' * 200}\n")])
    assert finding.after.endswith(" …")
    assert len(finding.after) <= 120
