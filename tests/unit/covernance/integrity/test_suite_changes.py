from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from covernance.git import changes
from covernance.integrity.suite_changes import compare_results, list_defined_tests
from covernance.model.snapshot import Snapshot, TestResult
from tests.utils.repository import Repository

pytestmark = [pytest.mark.security, pytest.mark.usefixtures("feature")]

TEST = "tests/test_calc.py"


def ran(sample: Snapshot, commit: str, names: Iterable[str]) -> Snapshot:
    """A result of the suite at a commit, in which these tests passed."""
    tests = {name: TestResult(outcome="passed", seconds=0.0, themes=()) for name in names}
    provenance = msgspec.structs.replace(sample.provenance, commit=commit)
    return msgspec.structs.replace(sample, suite="calc", tests=tests, provenance=provenance)


def test_only_tests_of_changed_files_are_listed(repository: Repository) -> None:
    repository.write("tests/test_other.py", "def test_other(): assert 1\n")
    repository.write("other/test_elsewhere.py", "def test_elsewhere(): assert 1\n")
    root = repository.root
    before, after = list_defined_tests(
        changes.find_changes(root, "main"),
        partial(changes.read_committed_file, root, "main"),
        partial(changes.read_working_file, root),
        {"tests"},
    )
    assert (list(before), list(after)) == ([], ["tests/test_other.py::test_other"])


@pytest.mark.parametrize("by_base", [True, False])
def test_what_the_base_itself_removed_is_no_finding_of_the_change(
    repository: Repository, snapshot: Snapshot, *, by_base: bool
) -> None:
    measured = repository.git("rev-parse", "HEAD")
    text = Path(TEST).read_text(encoding="utf-8")
    without = text[: text.index("@pytest.mark.security")]
    repository.write(TEST, without if by_base else text + "\n")
    base = repository.commit("the base")
    repository.write(TEST, without)
    names = [f"{TEST}::{name}" for name in ("test_largest", "test_divide", "test_zero_is_refused")]
    findings = compare_results(
        ran(snapshot, measured, names),
        ran(snapshot, base, names[:2]),
        changes.find_changes(repository.root, measured),
        repository.root,
        set(),
        base,
    )
    deleted = [finding.where for finding in findings if finding.kind == "test-deleted"]
    assert deleted == ([] if by_base else [names[2]])
