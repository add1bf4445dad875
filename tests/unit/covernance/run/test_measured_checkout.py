from __future__ import annotations

from pathlib import Path

import pytest

from covernance.contents import CHANGED_MEANWHILE
from covernance.model.inputs import Inputs
from covernance.model.snapshot import Provenance
from covernance.run.measured_checkout import MeasuredCheckout
from tests.utils.agents import ENVIRONMENT
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.security


@pytest.fixture
def checkout(repository: Repository) -> MeasuredCheckout:
    """The checkout at the start of a run."""
    repository.write("calc/page.html", "<p>\n")
    repository.write("README.md", "calc\n")
    repository.commit_first()
    context = context_of(repository.root)
    return MeasuredCheckout(context, context.table.suites)


def end(checkout: MeasuredCheckout, inputs: Inputs | None = None) -> tuple[Provenance, list[str]]:
    notes: list[str] = []
    checkout.end(notes.append)
    (suite,) = context_of(Path.cwd()).table.suites
    return checkout.describe(suite, ENVIRONMENT, inputs), notes


def test_a_run_is_described_by_the_checkout_at_its_start(
    repository: Repository, checkout: MeasuredCheckout
) -> None:
    source, notes = end(checkout)
    assert (source.commit, source.dirty, notes) == (repository.git("rev-parse", "HEAD"), False, [])
    assert "calc/__init__.py" in source.contents
    assert "calc/page.html" not in source.contents


def test_a_source_that_changes_during_the_run_makes_the_result_unclean(
    repository: Repository, checkout: MeasuredCheckout
) -> None:
    repository.append("calc/__init__.py", "z = 3\n")
    source, notes = end(checkout)
    assert source.contents["calc/__init__.py"] == CHANGED_MEANWHILE
    assert source.dirty
    assert notes == ["calc: calc/__init__.py changed while the suite ran; run it again"]


def test_another_commit_during_the_run_makes_the_result_unclean(
    repository: Repository, checkout: MeasuredCheckout
) -> None:
    before = repository.git("rev-parse", "HEAD")
    repository.commit("while it ran")
    source, notes = end(checkout)
    assert (source.commit, source.dirty) == (before, True)
    assert "another commit was checked out during the run" in notes[0]


def test_tracked_data_that_the_tests_read_has_contents(
    repository: Repository, checkout: MeasuredCheckout
) -> None:
    repository.write("calc/made.txt", "made by a test\n")
    read = ("calc/page.html", "README.md", "calc/made.txt")
    source, _ = end(checkout, Inputs(read=read))
    assert "calc/page.html" in source.contents
    assert not {"README.md", "calc/made.txt"} & source.contents.keys()
