"""All suites together: `coverage/baseline.json`, the combined HTML report, the landing page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.suites import Agents
from covernance.combine.combined import write_combined
from covernance.config import BASELINE
from covernance.context import Context
from covernance.dashboard.workflow import history, publish, render_files
from covernance.errors import InputError
from covernance.git.default_branch import find_default_branch
from covernance.history.open import open_table_store
from covernance.layout import Layout
from covernance.model import document
from covernance.model.snapshot import CARRIED
from covernance.model.verdict import Verdict
from covernance.reports import overview
from covernance.results import read_results
from covernance.reuse import evidence
from covernance.reuse.conditions import digest
from covernance.reuse.workflow import report_digest


class _Stamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Digests of the combined reports and, by suite, of the runs they were generated from."""

    runs: dict[str, str]
    reports: dict[str, str]


def combine_suites(
    context: Context, agents: Agents, warn: Callable[[str], None]
) -> tuple[Path, ...]:
    """Combine the data of each suite's last full run, and publish the combined reports.

    Reports that exist and were generated from the same runs are not generated again.

    Args:
        context: The context; the table's folder must be the current one.
        agents: Finds the agents of suites; the first suite's agent combines the data.
        warn: Receives a line for each thing that the landing page leaves out, and why.

    Returns:
        The JSON report, coverage.py's HTML report, and the landing page that links to all.

    Raises:
        InputError: A suite has no data, or its result is stale. Nothing is written, since an
            incomplete report would look complete.
    """
    table, layout = context.table, context.layout
    results = {name: result for name, result in read_results(context).items() if result}
    carried = [name for name, result in results.items() if result.provenance.source == CARRIED]
    if carried:
        msg = f"{BASELINE}: {', '.join(carried)}: the last result was carried forward from an "
        msg += "earlier commit, without its data; run every suite first"
        raise InputError(msg)
    for name, result in results.items():
        if result.verdict is Verdict.STALE:
            msg = f"{BASELINE}: the result of {name} is stale: {'; '.join(result.reasons)}"
            raise InputError(msg)
    missing = [suite.name for suite in table.suites if not layout.data(suite.name).is_file()]
    if missing:
        msg = f"{BASELINE}: no data for suite {', '.join(missing)}; run every suite first"
        raise InputError(msg)
    runs = _runs(context)
    if not runs or _last_stamp(layout) != _Stamp(runs, _digests(layout)):
        write_combined(context, agents(table.suites[0]))
        stamp = _Stamp(runs, _digests(layout))
        files.write_atomic(layout.stamp, msgspec.json.encode(stamp, order="sorted"))
    state = overview.full_state(context, None, agents, warn)
    past = history(open_table_store(context), find_default_branch(context), state)
    publish(layout, render_files(context, state, past))
    return (layout.baseline, layout.combined_html, layout.html / "index.html")


def _runs(context: Context) -> dict[str, str]:
    """The digest of each suite's last run; empty if a run left no evidence."""
    digests = {}
    for suite in context.table.suites:
        try:
            stored = evidence.read(context.layout.evidence(suite.name))
        except InputError:
            return {}
        if stored is None:
            return {}
        # Reusing a result changes its reports but not the run they come from.
        run = msgspec.structs.replace(stored, reports={}).encode().decode()
        digests[suite.name] = digest(run + report_digest(context.layout.data(suite.name)))
    return digests


def _last_stamp(layout: Layout) -> _Stamp | None:
    """The stamp of the last combined reports; None if there is none or it is damaged."""
    try:
        return document.find(layout.stamp, _Stamp, "a stamp", "it will be replaced")
    except InputError:
        return None


def _digests(layout: Layout) -> dict[str, str]:
    reports = (layout.baseline, layout.combined_html)
    return {path.name: report_digest(path) for path in reports}
