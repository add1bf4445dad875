"""The state of all suites for a pull request, a job summary, a terminal or a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from covernance.model.counts import show
from covernance.model.origin import describe_origin
from covernance.model.snapshot import Cell, Snapshot
from covernance.model.text import escape_unprintable
from covernance.model.verdict import PASS
from covernance.reports.markdown import COMMENT_LIMIT, Section, code, fit, head, link, plain, row
from covernance.reports.state import MISSING, State, days, trouble, verdict
from covernance.reports.trend import show_points
from covernance.shell import tables

_MOST_REASONS = 20
_SHORT_COMMIT = 12
_SUCCESS = "success"
_SIGNS = {PASS: "✅", _SUCCESS: "✅", MISSING: "⚠️"}


def markdown(
    state: State,
    links: Mapping[str, str] | None = None,
    limit: int = COMMENT_LIMIT,
    attached: Mapping[str, str] | None = None,
    steps: Mapping[str, str] | None = None,
) -> str:
    """The summary as Markdown of at most `limit` bytes, the suite × theme table first.

    Args:
        state: What to tell.
        links: Addresses of reports, by label.
        limit: The most that the reader takes, in bytes.
        attached: What other commands printed, by heading; shown as it is.
        steps: How the steps of a run ended, in GitHub's words, by name; told on top.

    Raises:
        InputError: A link is no http(s) address.
    """
    sections = (
        _matrix(state, steps or {}),
        _reasons(state),
        _patches(state),
        _drops(state),
        _exceptions(state),
        *(_attachment(heading, told) for heading, told in (attached or {}).items()),
        _links(links or {}),
    )
    return fit([section for section in sections if section.rows], limit)


def summary_text(state: State) -> str:
    """The summary as plain text for a terminal."""
    blocks = [headline(state), tables.table(state.present)] if state.present else [headline(state)]
    blocks += [
        f"{name}: {MISSING}: {_missing(name)}"
        for name, snapshot in state.suites.items()
        if snapshot is None
    ]
    blocks += [tables.failures(found) for found in state.present if found.verdict != PASS]
    blocks += _plain(
        "patch coverage:",
        [
            f"{patch.suite}: {show(patch.percent)} % ({patch.covered} of {patch.total})"
            for patch in state.patches
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
    """The summary as JSON: counts exact, percentages as shown."""
    content = {
        "passing": state.passing,
        "suites": {name: _suite(found) for name, found in state.suites.items()},
        "patches": [
            {**msgspec.structs.asdict(patch), "percent": show(patch.percent)}
            for patch in state.patches
        ],
        "drops": [
            {**msgspec.to_builtins(drop), "points": show_points(-drop.points)}
            for drop in state.drops
        ],
        "exceptions": state.exceptions,
    }
    return msgspec.json.format(msgspec.json.encode(content, order="sorted"), indent=1) + b"\n"


def headline(state: State) -> str:
    """How many suites pass, and how many have no result."""
    number, missing = len(state.suites), len(state.suites) - len(state.present)
    told = f"coverage: {state.passing} of {number} suites pass"
    return told + (f", {missing} {MISSING}" if missing else "")


def _matrix(state: State, steps: Mapping[str, str]) -> Section:
    names = ("suite", *state.columns, "all (raw %)", "floor %", "verdict")
    lines = [f"## {headline(state).capitalize()}", "", *_steps(steps), *_origin(state)]
    lines += ["A theme's cell: earned % (raw %), tests.", ""]
    lines += head([plain(name) for name in names], numeric={"all (raw %)", "floor %"})
    rows = [
        row(
            (
                plain(name),
                *(_cell(found.themes.get(theme) if found else None) for theme in state.columns),
                show(found.total.percent) if found else "",
                code(found.floor.percent) if found else "",
                f"{_SIGNS.get(verdict(found), '❌')} {code(verdict(found))}",
            )
        )
        for name, found in state.worst_first
    ]
    return Section(tuple(lines), tuple(rows), "suites")


def _steps(steps: Mapping[str, str]) -> list[str]:
    told = " · ".join(
        f"{_SIGNS.get(outcome, '❌')} {code(name)}"
        + ("" if outcome == _SUCCESS else f" {code(outcome)}")
        for name, outcome in steps.items()
    )
    return [told, ""] if told else []


def _origin(state: State) -> list[str]:
    if (newest := state.newest) is None:
        return []
    source = newest.provenance
    told = f"Recorded {code(source.recorded_at)}"
    if source.commit:
        told += f" at {code(source.commit[:_SHORT_COMMIT])}"
    if source.branch:
        told += f" on {code(source.branch)}"
    if source.dirty:
        told += ", with uncommitted changes"
    if state.commits > 1:
        told += f". **These results come from {state.commits} different commits.**"
    if elsewhere := [
        f"{plain(found.suite)} ({code(whence)})"
        for found in state.present
        if (whence := describe_origin(found.provenance))
    ]:
        told += f". Not measured by the run itself: {', '.join(elsewhere)}"
    return [told, ""]


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return ""
    if not cell.outcomes.tests:
        return f"**{trouble(cell)}**"
    told = f"{show(cell.earned.percent)} ({show(cell.raw.percent)}), {cell.outcomes.tests}"
    return f"{told}, **{wrong}**" if (wrong := trouble(cell)) else told


def _reasons(state: State) -> Section:
    rows = [
        f"- {plain(name)}: {told}"
        for name, found in state.worst_first
        if verdict(found) != PASS
        for told in _why(name, found)
    ]
    return Section(("### Why not", ""), tuple(rows), "reasons")


def _why(name: str, found: Snapshot | None) -> list[str]:
    if found is None:
        return [_missing(name)]
    told = [code(reason) for reason in found.reasons[:_MOST_REASONS]] or [code(found.verdict)]
    more = len(found.reasons) - _MOST_REASONS
    return [*told, f"… {more} more reasons"] if more > 0 else told


def _missing(name: str) -> str:
    return f"no result; `covernance run --suite {name}` makes one"


def _patches(state: State) -> Section:
    rows = [
        row((plain(patch.suite), str(patch.covered), str(patch.total), show(patch.percent)))
        for patch in state.patches
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
    names = ("suite", "of", "before %", "now %", "points")
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


def _attachment(heading: str, told: str) -> Section:
    """Text as an indented block, which nothing in the text can end.

    Workflow commands are left out: they speak to GitHub's runner, and stand in the job's log.
    """
    lines = [line for line in told.strip("\n").splitlines() if not line.startswith("::")]
    rows = tuple(f"    {escape_unprintable(line)}" for line in lines)
    return Section((f"### {code(heading)}", ""), rows, "lines")


def _plain(title: str, items: Sequence[str]) -> list[str]:
    return ["\n".join([title, *(f"  {item}" for item in items)])] if items else []


def _suite(found: Snapshot | None) -> dict[str, Any]:
    if found is None:
        return {"verdict": MISSING}
    return {
        "verdict": found.verdict,
        "reasons": found.reasons,
        "floor": found.floor.percent,
        "percent": show(found.total.percent),
        "total": found.total,
        "commit": found.provenance.commit,
        "recorded_at": found.provenance.recorded_at,
        "source": found.provenance.source,
        "carried_at": found.provenance.carried_at,
        "themes": {
            theme: {
                "tests": cell.outcomes.tests,
                "trouble": trouble(cell),
                "earned": show(cell.earned.percent),
                "raw": show(cell.raw.percent),
                "seconds": cell.seconds,
            }
            for theme, cell in found.themes.items()
        },
    }
