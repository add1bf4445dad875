"""`covernance patch`: check the coverage of changed lines and branches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click
import msgspec

from covernance.config import parse_floor
from covernance.errors import Exit
from covernance.model.text import cut, escape_unprintable, short_commit
from covernance.patch.annotations import format_warnings
from covernance.shell.options import base_option, python_option, soft_option
from covernance.shell.printing import print_json, print_notes
from covernance.shell.repository import enter_repository
from covernance.shell.soft import check_soft, list_unknown, softened

if TYPE_CHECKING:
    from covernance.patch.policy import Place
    from covernance.patch.workflow import PatchReport, SuitePatch


@click.command("patch")
@base_option
@click.option(
    "--suite", "suites", multiple=True, metavar="NAME", help="Check only this suite; repeatable."
)
@click.option(
    "--fail-under", metavar="PERCENT", help="Use this floor. Default: the table's patch-fail-under."
)
@click.option(
    "--min-lines",
    type=click.IntRange(min=0),
    help="With fewer changed statements, report but do not fail. Default: the table's "
    "patch-min-lines.",
)
@soft_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="Text for people, JSON for scripts, github for text plus warnings on uncovered lines.",
)
@python_option
def command(
    base: str | None,
    suites: tuple[str, ...],
    fail_under: str | None,
    min_lines: int | None,
    form: str,
    interpreters: tuple[str, ...],
    *,
    soft: bool,
) -> Exit:
    """Check the coverage of changed lines and branches.

    Reads the results of the last full runs. Uncommitted and untracked files are part of the change.
    The changed lines that did not run are listed as file:line, ten per suite; --format json lists
    all. A suite fails if it has no result or if an edited file is newer than its result.

    \b
    Examples:
      covernance patch
      covernance patch --base origin/release --suite api --fail-under 100
    """  # noqa: D301 - click reads the escape
    from covernance.agent.suites import find_suite_agents  # noqa: PLC0415 - help does not pay for git and diffs
    from covernance.git.base import find_change_base  # noqa: PLC0415 - likewise
    from covernance.git.governed import govern_context  # noqa: PLC0415 - likewise
    from covernance.git.place import find_place  # noqa: PLC0415 - likewise
    from covernance.patch.workflow import PatchReport, measure_patch  # noqa: PLC0415 - likewise

    present = enter_repository()
    check_soft(present, soft=soft)
    change = find_change_base(present, base)
    governed = govern_context(present, change.commit)
    context, table = governed.context, governed.context.table
    chosen = [table.suite(name) for name in suites] or table.suites
    floor = None if fail_under is None else parse_floor(fail_under, "--fail-under")
    print_notes((*change.notes, *governed.notes), form)
    if change.commit is None:
        report = PatchReport(None, ())
    else:
        report = measure_patch(
            context,
            chosen,
            change.commit,
            find_suite_agents(context, interpreters),
            fail_under=floor,
            min_lines=min_lines,
        )
    missing = list_unknown((suite.suite, suite.verdict) for suite in report.suites)
    if form == "json":
        print_json({**msgspec.to_builtins(report), "exit": int(report.exit)})
        return softened(report.exit, soft=soft, missing=missing)
    click.echo(_text(report))
    if form == "github":
        place = find_place(context.root)
        problems = (
            (message, (place.from_top(path), line))
            for message, (path, line) in _list_problems(report)
        )
        for command in format_warnings(problems):
            click.echo(command)
    return softened(report.exit, soft=soft, missing=missing)


def _text(report: PatchReport) -> str:
    if report.base is None:
        return "patch: nothing to compare"
    text_lines = [f"changes since {short_commit(report.base)}"]
    for suite in report.suites:
        text_lines += _suite_text(suite)
    return "\n".join(text_lines)


def _suite_text(suite: SuitePatch) -> Iterable[str]:
    if suite.reasons:
        yield f"{suite.suite}: {suite.verdict}: {escape_unprintable('; '.join(suite.reasons))}"
    for result in suite.results:
        if result.theme is None or suite.results[0].counts.total:
            yield str(result)
    yield from _cut(
        f"{escape_unprintable(path)}: never measured; every statement counts as not run"
        for path in suite.unmeasured
    )
    for result in suite.results[:1]:
        yield from _cut(f"{_place(place)}: did not run" for place in result.uncovered)
        yield from _cut(f"{_place(place)}: not every branch was taken" for place in result.partial)


def _cut(items: Iterable[str]) -> Iterable[str]:
    return (f"  {item}" for item in cut(items, command="covernance patch --format json"))


def _list_problems(report: PatchReport) -> Iterable[tuple[str, Place]]:
    for result in (suite.results[0] for suite in report.suites if suite.results):
        yield from (("This did not run.", place) for place in result.uncovered)
        yield from (("Not every branch was taken.", place) for place in result.partial)


def _place(place: Place) -> str:
    path, line = place
    return f"{escape_unprintable(path)}:{line}"
