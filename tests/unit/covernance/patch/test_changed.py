from __future__ import annotations

from pathlib import Path

import pytest

from covernance.errors import Exit
from covernance.model.counts import Counts
from tests.unit.covernance.patch.measured import (
    SOURCE,
    Measure,
    edit,
    only,
    patched,
)
from tests.utils.repository import Repository

pytestmark = [pytest.mark.architecture, pytest.mark.usefixtures("feature")]


def test_line_within_a_statement_counts_as_the_statement(
    repository: Repository, measure: Measure
) -> None:
    edit(SOURCE, "z = (\n    3\n)\n")
    repository.commit()
    repository.git("branch", "--force", "main")
    SOURCE.write_text("x = 1\ny = 2\nz = (\n    44\n)\n", encoding="utf-8")
    edit(SOURCE, "")
    measure("1-2", "3")
    assert only(patched()).results[0].uncovered == ((str(SOURCE), 3),)


def test_statement_that_lost_a_line_counts_and_its_neighbours_do_not(
    repository: Repository, measure: Measure
) -> None:
    SOURCE.write_text("x = 1\ny = 2\nz = (\n    3,\n    4,\n)\nlast = 5\n", encoding="utf-8")
    repository.commit()
    repository.git("branch", "--force", "main")
    SOURCE.write_text("x = 1\nz = (\n    3,\n)\n", encoding="utf-8")
    edit(SOURCE, "")
    measure("1", "2")
    assert only(patched()).results[0].uncovered == ((str(SOURCE), 2),)


@pytest.mark.parametrize("name", ["README.md", "other/module.py", "tests/test_calc.py"])
def test_unmeasured_path_is_not_part_of_the_patch(
    repository: Repository, measure: Measure, name: str
) -> None:
    edit(repository.write(name, "a\n"), "x = 1\n")
    measure()
    assert only(patched()).results[0].counts == Counts()
    assert patched().exit is Exit.PASS


@pytest.mark.security
def test_new_source_without_a_measurement_is_uncovered(
    repository: Repository, measure: Measure
) -> None:
    text = '"""Doc."""\n\nimport os\n\nx = [\n    os,\n]\nif TYPE_CHECKING:\n    y = 1\n'
    edit(repository.write("calc/new.py", text), "")
    edit(Path(".coveragerc"), "[report]\nexclude_also = if TYPE_CHECKING\n")
    measure()
    result = only(patched())
    assert result.unmeasured == ("calc/new.py",)
    assert result.results[0].uncovered == (("calc/new.py", 3), ("calc/new.py", 5))
    assert patched().exit is Exit.GATE


@pytest.mark.reliability
def test_invalid_new_source_counts_by_lines(repository: Repository, measure: Measure) -> None:
    edit(repository.write("calc/new.py", "def (:\n"), "")
    measure()
    assert only(patched()).results[0].uncovered == (("calc/new.py", 1),)


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_new_source_without_statements_is_ignored(
    repository: Repository, measure: Measure, text: str
) -> None:
    edit(repository.write("calc/new.py", text), "")
    measure()
    assert only(patched()).unmeasured == ()
    assert patched().exit is Exit.PASS


def test_omitted_source_is_ignored(repository: Repository, measure: Measure) -> None:
    edit(repository.write("calc/new.py", "x = 1\n"), "")
    edit(Path(".coveragerc"), "omit = calc/new.py\n")
    measure()
    assert patched().exit is Exit.PASS
