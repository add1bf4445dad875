from __future__ import annotations

from pathlib import Path

import pytest

from covernance.combine.combined import write
from covernance.combine.workflow import combine_suites
from covernance.config import load
from covernance.errors import CovernanceError, InputError
from covernance.layout import Layout
from tests.unit.covernance.combine.conftest import measure
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.mark.reliability
def test_suites_without_any_data_make_no_baseline(two_suites: Repository) -> None:
    for suite in ("calc", "other"):
        measure(two_suites, suite, None)
    with pytest.raises(InputError, match="the suites' data is empty"):
        combine_suites(load(two_suites.root), {}, print)
    assert not Path("coverage/baseline.json").exists()


@pytest.mark.reliability
def test_an_error_leaves_the_last_reports_and_no_work_behind(two_suites: Repository) -> None:
    measure(two_suites, "other", "other/__init__.py")
    table, layout = load(two_suites.root), Layout(two_suites.root)
    write(table, layout)
    before = layout.baseline.read_bytes()
    layout.data("other").write_bytes(b"damaged")
    with pytest.raises(CovernanceError, match="other"):
        write(table, layout)
    assert layout.baseline.read_bytes() == before
    assert not [path for path in layout.work.iterdir() if path.is_dir()]
