"""`covernance guard`: fail if coverage dropped since the base."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import msgspec

from covernance.config.stores import STORES, StoreName, describe_stores
from covernance.errors import Exit
from covernance.files import write_atomic
from covernance.git.base import find_change_base
from covernance.git.governed import govern_context
from covernance.guard import workflow
from covernance.guard.compare import Drop
from covernance.guard.drop_facts import guard_facts
from covernance.history.base_result import Base, describe_base
from covernance.history.open import open_table_store
from covernance.model.counts import show
from covernance.model.text import cut
from covernance.shell.options import base_option, facts_option, format_option, soft_option
from covernance.shell.printing import print_json, print_notes
from covernance.shell.repository import enter_repository
from covernance.shell.soft import check_soft, list_unknown, softened


@click.command("guard")
@click.option(
    "--suite",
    "names",
    multiple=True,
    metavar="NAME",
    help="Compare this suite; repeatable. Default: every suite.",
)
@base_option
@click.option(
    "--store",
    type=click.Choice(list(STORES)),
    help=f"The store of earlier results: {describe_stores()}. "
    "Default: $COVERAGE_HISTORY_STORE, else the table's.",
)
@click.option(
    "--bootstrap",
    is_flag=True,
    envvar="COVERAGE_BOOTSTRAP",
    show_envvar=True,
    help="Pass suites that have no base yet, or nothing left of it.",
)
@facts_option
@soft_option
@format_option
def command(
    names: tuple[str, ...],
    base: str | None,
    store: StoreName | None,
    facts: Path | None,
    form: str,
    *,
    bootstrap: bool,
    soft: bool,
) -> Exit:
    """Compare the last full runs with the base, and fail if coverage dropped.

    The base is the merge base with the default branch, on that branch the commit before the push,
    or the nearest ancestor of these that has a stored result. A number that fell by more than its
    limit in the table fails: the total and the earned coverage of each theme (`max-drop`,
    `theme-max-drop`), not counting removed code, and the patch coverage of the change compared with
    that of the change before it (`patch-max-drop`). `covernance patch` lists the lines. A suite
    without a base fails as `no-baseline`, and one whose code was nearly all replaced, with a lower
    total, as `nothing-to-compare`.

    \b
    Examples:
      covernance guard
      covernance guard --suite api --base origin/main --store git
      covernance guard --bootstrap
    """  # noqa: D301 - click reads the escape
    present = enter_repository()
    check_soft(present, soft=soft)
    change = find_change_base(present, base)
    governed = govern_context(present, change.commit)
    context, table = governed.context, governed.context.table
    suites = [table.suite(name) for name in names] or list(table.suites)
    history = open_table_store(context, store)
    results = workflow.guard_suites(context, suites, history, change.commit, bootstrap=bootstrap)
    print_notes((*change.notes, *governed.notes), form)
    if facts:
        write_atomic(facts, msgspec.json.encode(guard_facts(results)))
    code = max((result.exit for result in results), default=Exit.PASS)
    if form == "json":
        print_json(_plain(results))
    else:
        for result in results:
            click.echo("\n".join(_lines(result)))
    missing = list_unknown((result.suite, result.assessment.verdict) for result in results)
    return softened(code, soft=soft, missing=missing)


def _lines(result: workflow.GuardResult) -> list[str]:
    if result.bootstrap:
        return [f"{result.suite}: {result.assessment.verdict}, accepted by --bootstrap"]
    lines = [f"{result.suite}: {result.assessment.verdict}{_base(result.base)}"]
    lines += _cut(result.assessment.reasons)
    if result.comparison:
        over = [drop for drop in result.comparison.numbers if drop.over]
        lines += [line for drop in over for line in _files(drop)]
        if over:
            lines += _tests("deleted test", result.comparison.gone)
            lines += _tests("test that no longer passes", result.comparison.broken)
    lines += _cut(f"unstable ({flap.theme}): {flap.path}: {flap.lines}" for flap in result.flaps)
    return lines


def _base(base: Base | None) -> str:
    if base is None:
        return ""
    entry = base.entry
    return f", {describe_base(entry.commit, entry.recorded_at, base.behind)}"


def _files(drop: Drop) -> list[str]:
    return _cut(
        f"{drop.measure}: {file.path}: {file.missing} more missing: {file.lines or 'branches'}"
        for file in drop.files
    )


def _tests(what: str, tests: Sequence[str]) -> list[str]:
    return _cut(f"{what}: {test}" for test in tests)


def _cut(items: Iterable[str]) -> list[str]:
    return [f"  {item}" for item in cut(items, command="covernance guard --format json")]


def _plain(results: Sequence[workflow.GuardResult]) -> list[dict[str, object]]:
    return [
        {
            "suite": result.suite,
            "verdict": result.assessment.verdict,
            "reasons": result.assessment.reasons,
            "bootstrap": result.bootstrap,
            "base": result.base and msgspec.to_builtins(result.base),
            "numbers": [
                {
                    "measure": drop.measure,
                    "before": show(drop.before.percent),
                    "after": show(drop.after.percent),
                    "points": f"{float(drop.points):.4f}",
                    "limit": str(drop.limit),
                    "over": drop.over,
                    "files": msgspec.to_builtins(drop.files),
                }
                for drop in (result.comparison.numbers if result.comparison else ())
            ],
            "gone": result.comparison.gone if result.comparison else (),
            "broken": result.comparison.broken if result.comparison else (),
            "flaps": msgspec.to_builtins(result.flaps),
        }
        for result in results
    ]
