"""Render the state of all suites for a pull request, a job summary, a terminal or a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from covernance.model import document
from covernance.model.counts import show
from covernance.model.origin import describe_origin
from covernance.model.snapshot import Cell, Snapshot
from covernance.model.text import escape_unprintable, short_commit
from covernance.model.verdict import Verdict, count_waived, describe_waived
from covernance.reports.markdown import COMMENT_LIMIT, Section, code, fit, head, link, plain, row
from covernance.reports.state import State, days, describe_trouble, verdict
from covernance.reports.trend import show_points
from covernance.shell import tables

_MOST_REASONS = 20
_SUCCESS = "success"
_SIGNS = {Verdict.PASS: "✅", _SUCCESS: "✅", Verdict.MISSING: "⚠️"}


def markdown(
    state: State,
    links: Mapping[str, str] | None = None,
    limit: int = COMMENT_LIMIT,
    attached: Mapping[str, str] | None = None,
    steps: Mapping[str, str] | None = None,
) -> str:
    """Return the summary as Markdown of at most `limit` bytes, with the suite × theme table first.

    Args:
        state: The state to show.
        links: URLs of reports, by label.
        limit: The maximum size in bytes.
        attached: The output of other commands, by heading; shown verbatim.
        steps: The outcomes of CI steps, in GitHub's words, by name; shown at the top.

    Raises:
        InputError: A link is not an http(s) URL.
    """
    sections = (
        _matrix(state, steps or {}),
        _reasons(state),
        _waived(state),
        _patches(state),
        _drops(state),
        _exceptions(state),
        *(_attachment(heading, text) for heading, text in (attached or {}).items()),
        _links(links or {}),
    )
    return fit([section for section in sections if section.rows], limit)


def summary_text(state: State) -> str:
    """Return the summary as plain text for a terminal."""
    blocks = [headline(state), tables.table(state.present)] if state.present else [headline(state)]
    blocks += [
        f"{name}: {Verdict.MISSING}: {_missing(name)}"
        for name, snapshot in state.suites.items()
        if snapshot is None
    ]
    blocks += [
        f"{suite.suite}:\n{tables.reasons(suite)}"
        for suite in state.present
        if suite.verdict != Verdict.PASS and suite.reasons
    ]
    blocks += [
        escape_unprintable(f"{suite.suite}: {describe_waived(suite.waived)}")
        for suite in state.present
        if suite.waived
    ]
    blocks += _plain(
        "patch coverage:",
        [
            f"{suite}: {show(counts.percent)} % ({counts.covered} of {counts.total})"
            for suite, counts in state.patches.items()
        ],
    )
    blocks += _plain(
        "drops:",
        [
            f"{drop.suite} {drop.measure}: {show(drop.before.percent)} % -> "
            f"{show(drop.after.percent)} % ({show_points(-drop.points)} points)"
            for drop in state.drops
        ],
    )
    blocks += _plain(
        "exceptions due:",
        [
            f"{due.suite} {due.module}: {due.review_date} ({days(due.days_left)}), {due.owner}"
            for due in state.exceptions
        ],
    )
    return "\n\n".join(blocks) + "\n"


def summary_document(state: State) -> bytes:
    """Return the summary as JSON, with exact counts and rounded percentages."""
    content = {
        "passing": state.passing,
        "suites": {name: _suite(snapshot) for name, snapshot in state.suites.items()},
        "patches": [
            {
                "suite": suite,
                "covered": counts.covered,
                "total": counts.total,
                "percent": show(counts.percent),
            }
            for suite, counts in state.patches.items()
        ],
        "drops": [
            {**msgspec.to_builtins(drop), "points": show_points(-drop.points)}
            for drop in state.drops
        ],
        "exceptions": state.exceptions,
    }
    return document.encode(content)


def headline(state: State) -> str:
    """Return a line with the number of suites that pass and of those without a result."""
    number, missing = len(state.suites), len(state.suites) - len(state.present)
    line = f"coverage: {state.passing} of {number} suites pass"
    return line + (f", {missing} {Verdict.MISSING}" if missing else "")


def _matrix(state: State, steps: Mapping[str, str]) -> Section:
    names = ("suite", *state.columns, "all (raw %)", "floor %", "verdict")
    lines = [f"## {headline(state).capitalize()}", "", *_steps(steps), *_origin(state)]
    lines += ["Each theme's column shows earned % (raw %), tests.", ""]
    lines += head([plain(name) for name in names], numeric={"all (raw %)", "floor %"})
    rows = [
        row(
            (
                plain(name),
                *(
                    _cell(snapshot.themes.get(theme) if snapshot else None)
                    for theme in state.columns
                ),
                show(snapshot.total.percent) if snapshot else "",
                code(snapshot.floor.percent) if snapshot else "",
                _verdict(snapshot),
            )
        )
        for name, snapshot in state.worst_first
    ]
    return Section(tuple(lines), tuple(rows), "suites")


def _verdict(snapshot: Snapshot | None) -> str:
    text = f"{_SIGNS.get(verdict(snapshot), '❌')} {code(verdict(snapshot))}"
    return f"{text}, {count_waived(snapshot.waived)}" if snapshot and snapshot.waived else text


def _steps(steps: Mapping[str, str]) -> list[str]:
    line = " · ".join(
        f"{_SIGNS.get(outcome, '❌')} {code(name)}"
        + ("" if outcome == _SUCCESS else f" {code(outcome)}")
        for name, outcome in steps.items()
    )
    return [line, ""] if line else []


def _origin(state: State) -> list[str]:
    if (newest := state.newest) is None:
        return []
    source = newest.provenance
    line = f"Recorded {code(source.recorded_at)}"
    if source.commit:
        line += f" at {code(short_commit(source.commit))}"
    if source.branch:
        line += f" on {code(source.branch)}"
    if source.dirty:
        line += ", with uncommitted changes"
    if state.commits > 1:
        line += f". **These results come from {state.commits} different commits.**"
    if not_measured := [
        f"{plain(snapshot.suite)} ({code(origin)})"
        for snapshot in state.present
        if (origin := describe_origin(snapshot.provenance))
    ]:
        line += f". Not measured by this run: {', '.join(not_measured)}"
    return [line, ""]


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    if not cell.outcomes.tests:
        return f"**{describe_trouble(cell)}**"
    text = f"{show(cell.earned.percent)} ({show(cell.raw.percent)}), {cell.outcomes.tests}"
    return f"{text}, **{problem}**" if (problem := describe_trouble(cell)) else text


def _reasons(state: State) -> Section:
    rows = [
        f"- {plain(name)}: {reason}"
        for name, snapshot in state.worst_first
        if verdict(snapshot) != Verdict.PASS
        for reason in _list_reasons(name, snapshot)
    ]
    return Section(("### Failures", ""), tuple(rows), "reasons")


def _list_reasons(name: str, snapshot: Snapshot | None) -> list[str]:
    if snapshot is None:
        return [_missing(name)]
    reasons = [code(reason) for reason in snapshot.reasons[:_MOST_REASONS]]
    reasons = reasons or [code(snapshot.verdict)]
    more = len(snapshot.reasons) - _MOST_REASONS
    if more > 0:
        reasons.append(f"… {more} more reasons; {code(tables.SHOW_ALL)} lists all")
    return reasons


def _waived(state: State) -> Section:
    rows = [
        row(
            (
                code(waiver.path),
                plain(snapshot.suite),
                show(snapshot.files[waiver.path].total.percent),
                code(waiver.owner),
                code(str(waiver.until)),
            )
        )
        for snapshot, waiver in state.waived
        if waiver.path in snapshot.files
    ]
    names = ("file", "suite", "raw %", "owner", "until")
    lines = ("### Waived files, below their floor by an exception", "")
    return Section((*lines, *head(names, numeric=names[2:3])), tuple(rows), "files")


def _missing(name: str) -> str:
    return f"no result; run `covernance run --suite {name}`"


def _patches(state: State) -> Section:
    rows = [
        row((plain(suite), str(counts.covered), str(counts.total), show(counts.percent)))
        for suite, counts in state.patches.items()
    ]
    names = ("suite", "ran", "changed", "%")
    lines = ("### Patch coverage", "", *head(names, numeric=names[1:]))
    return Section(lines, tuple(rows), "suites")


def _drops(state: State) -> Section:
    rows = [
        row(
            (
                plain(drop.suite),
                plain(drop.measure),
                show(drop.before.percent),
                show(drop.after.percent),
                show_points(-drop.points),
            )
        )
        for drop in sorted(state.drops, key=lambda drop: (-drop.points, drop.suite, drop.measure))
    ]
    names = ("suite", "measure", "before %", "now %", "points")
    lines = ("### Drops since the base", "", *head(names, numeric=names[2:]))
    return Section(lines, tuple(rows), "drops")


def _exceptions(state: State) -> Section:
    rows = [
        row(
            (
                code(due.module),
                plain(due.suite),
                code(due.owner),
                code(due.review_date),
                days(due.days_left),
            )
        )
        for due in sorted(state.exceptions, key=lambda due: (due.days_left, due.module))
    ]
    lines = ("### Exceptions due", "", *head(("module", "suite", "owner", "review", "when")))
    return Section(lines, tuple(rows), "exceptions")


def _links(links: Mapping[str, str]) -> Section:
    rows = tuple(f"- {link(label, url)}" for label, url in links.items())
    return Section(("### Reports", ""), rows, "links")


def _attachment(heading: str, text: str) -> Section:
    """Render text as an indented block, which no content of the text can end.

    Workflow commands are left out: they are meant for GitHub's runner, which reads the job's log.
    """
    lines = [line for line in text.strip("\n").splitlines() if not line.startswith("::")]
    rows = tuple(f"    {escape_unprintable(line)}" for line in lines)
    return Section((f"### {code(heading)}", ""), rows, "lines")


def _plain(title: str, items: Sequence[str]) -> list[str]:
    return ["\n".join([title, *(f"  {item}" for item in items)])] if items else []


def _suite(snapshot: Snapshot | None) -> dict[str, Any]:
    if snapshot is None:
        return {"verdict": Verdict.MISSING}
    return {
        "verdict": snapshot.verdict,
        "reasons": snapshot.reasons,
        "waived": snapshot.waived,
        "unthemed": snapshot.unthemed,
        "flaky": snapshot.flaky,
        "floor": snapshot.floor.percent,
        "percent": show(snapshot.total.percent),
        "total": snapshot.total,
        "commit": snapshot.provenance.commit,
        "recorded_at": snapshot.provenance.recorded_at,
        "source": snapshot.provenance.source,
        "carried_at": snapshot.provenance.carried_at,
        "themes": {
            theme: {
                "tests": cell.outcomes.tests,
                "trouble": describe_trouble(cell),
                "earned": show(cell.earned.percent),
                "raw": show(cell.raw.percent),
                "seconds": cell.seconds,
            }
            for theme, cell in snapshot.themes.items()
        },
    }
