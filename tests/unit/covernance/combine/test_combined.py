from __future__ import annotations

from pathlib import Path

import pytest

from covernance.combine.combined import write_combined
from covernance.combine.workflow import combine_suites
from covernance.errors import CovernanceError, InputError
from tests.unit.covernance.combine.conftest import measure
from tests.utils.agents import local_agent
from tests.utils.contexts import context_of
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.mark.reliability
def test_suites_without_data_make_no_baseline(two_suites: Repository) -> None:
    for suite in ("calc", "other"):
        measure(two_suites, suite, None)
    with pytest.raises(InputError, match="the suites' data is empty"):
        combine_suites(context_of(two_suites.root), local_agent, print)
    assert not Path("coverage/baseline.json").exists()


@pytest.mark.reliability
def test_error_keeps_the_last_reports_and_removes_temporary_files(two_suites: Repository) -> None:
    measure(two_suites, "other", "other/__init__.py")
    context = context_of(two_suites.root)
    table, layout = context.table, context.layout
    write_combined(context, local_agent(table.suites[0]))
    before = layout.baseline.read_bytes()
    layout.data("other").write_bytes(b"damaged")
    with pytest.raises(CovernanceError, match="other"):
        write_combined(context, local_agent(table.suites[0]))
    assert layout.baseline.read_bytes() == before
    assert not [path for path in layout.work.iterdir() if path.is_dir()]
