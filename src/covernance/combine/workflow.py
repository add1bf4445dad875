"""All suites together: `coverage/baseline.json`, the combined HTML report, the landing page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from covernance import files, results
from covernance.agent.suites import Agents
from covernance.config import BASELINE, Table
from covernance.dashboard.workflow import history, publish, render_files
from covernance.errors import InputError
from covernance.history.open import open_table_store
from covernance.layout import Layout
from covernance.model import document
from covernance.model.snapshot import CARRIED
from covernance.reports import overview
from covernance.reuse import evidence
from covernance.reuse.conditions import digest
from covernance.reuse.workflow import report_digest


class _Stamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Digests of the runs that the combined reports were made of, by suite, and of the reports."""

    runs: dict[str, str]
    reports: dict[str, str]


def combine_suites(
    table: Table, environ: Mapping[str, str], agents: Agents, tell: Callable[[str], None]
) -> tuple[Path, ...]:
    """Combine the last full data of every suite of the table, and publish what comes of it.

    Combined reports that are there, and were made of the same runs, are not made again.

    Args:
        table: The table; its folder must be the current one.
        environ: The environment, which names the target of a pull request.
        agents: Find the agents of suites; that of the first combines.
        tell: Is told what the landing page had to leave out, and why.

    Returns:
        The JSON report, coverage.py's HTML report, and the landing page that links to all.

    Raises:
        InputError: A suite has no data; nothing is written, since less than all suites would
            read as all.
    """
    layout = Layout(table.root)
    carried = [
        name
        for name, result in results.read_results(table).items()
        if result and result.provenance.source == CARRIED
    ]
    if carried:
        msg = f"{BASELINE}: {', '.join(carried)}: the last result was carried from an earlier "
        msg += "commit, and its data is not here; run every suite first"
        raise InputError(msg)
    missing = [suite.name for suite in table.suites if not layout.data(suite.name).is_file()]
    if missing:
        msg = f"{BASELINE}: no data of suite {', '.join(missing)}; run every suite first"
        raise InputError(msg)
    runs = _runs(table, layout)
    if not runs or _last(layout) != _Stamp(runs, _digests(layout)):
        # Where they are made already, neither coverage.py nor what makes reports is needed.
        from covernance.combine.combined import write_combined  # noqa: PLC0415

        write_combined(table, layout, agents(table.suites[0]))
        made = _Stamp(runs, _digests(layout))
        files.write_atomic(layout.stamp, msgspec.json.encode(made, order="sorted"))
    state = overview.full_state(table, None, environ, agents, tell)
    past = history(open_table_store(table), table.default_branch, state)
    publish(table, render_files(table, state, past))
    return (layout.baseline, layout.combined_html, layout.html / "index.html")


def _runs(table: Table, layout: Layout) -> dict[str, str]:
    """What tells the runs of the suites from any others; empty where one left no evidence."""
    found = {}
    for suite in table.suites:
        try:
            kept = evidence.read(layout.evidence(suite.name))
        except InputError:
            return {}
        if kept is None:
            return {}
        # Its reports change when it is reused; the run that they come from does not.
        run = msgspec.structs.replace(kept, reports={}).encode().decode()
        found[suite.name] = digest(run + report_digest(layout.data(suite.name)))
    return found


def _last(layout: Layout) -> _Stamp | None:
    """The last combined reports; None where nothing tells of them."""
    try:
        return document.find(layout.stamp, _Stamp, "a stamp", "it is written anew")
    except InputError:
        return None


def _digests(layout: Layout) -> dict[str, str]:
    reports = (layout.baseline, layout.combined_html)
    return {path.name: report_digest(path) for path in reports}
