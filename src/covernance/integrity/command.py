"""`covernance integrity`: report weakened checks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from covernance.config.stores import STORES, StoreName, describe_stores
from covernance.errors import Exit, InputError
from covernance.history.base_result import describe_base
from covernance.integrity.findings import KINDS, Allowances
from covernance.model.text import count, escape_unprintable, short_commit
from covernance.shell.options import (
    base_option,
    format_option,
    python_option,
    soft_option,
)
from covernance.shell.printing import print_json, print_notes
from covernance.shell.repository import enter_repository
from covernance.shell.soft import check_soft, list_unknown, softened

if TYPE_CHECKING:
    from covernance.integrity.workflow import ComparedSuite, IntegrityReport

_VARIABLE = "COVERAGE_ALLOW"
_LABELS = "COVERAGE_LABELS"
_PREFIX = "allow-"


@click.command("integrity")
@base_option
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    type=click.Choice(KINDS),
    metavar="KIND",
    help=f"Report findings of this kind without failing; repeatable. Also ${_VARIABLE}=KIND,KIND "
    f"and pull request labels in ${_LABELS}={_PREFIX}KIND,…. Kinds: {', '.join(KINDS)}.",
)
@click.option(
    "--base-snapshot",
    "snapshots",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    metavar="FILE",
    help="A suite's result in the base, in place of the stored one; repeatable.",
)
@click.option(
    "--store",
    type=click.Choice(list(STORES)),
    help=f"The store of earlier results: {describe_stores()}. "
    "Default: $COVERAGE_HISTORY_STORE, else the table's.",
)
@soft_option
@format_option
@python_option
def command(
    base: str | None,
    allowed: tuple[str, ...],
    snapshots: tuple[Path, ...],
    store: StoreName | None,
    form: str,
    interpreters: tuple[str, ...],
    *,
    soft: bool,
) -> Exit:
    """Report weakened checks: lower floors, looser limits, new exclusions, missing tests.

    The last full run of each suite is compared with the stored result of the base, or of its
    nearest ancestor that has one: the settings in force, the measured files, the excluded lines and
    how every test ended. Without a stored result, only the sources are compared. Every finding is
    reported, and fails the command unless its kind is allowed or the exception register of the base
    waives its file. What a change itself adds to the register is a finding, and allows nothing else
    in this change.

    \b
    Examples:
      covernance integrity
      covernance integrity --base origin/main --allow test-deleted
      COVERAGE_ALLOW=floor-lowered covernance integrity --format json
    """  # noqa: D301 - click reads the escape
    from covernance.agent.suites import find_suite_agents  # noqa: PLC0415 - help does not pay for git and diffs
    from covernance.git.base import find_change_base  # noqa: PLC0415 - likewise
    from covernance.git.governed import govern_context  # noqa: PLC0415 - likewise
    from covernance.history.open import open_table_store  # noqa: PLC0415 - likewise
    from covernance.integrity.workflow import (  # noqa: PLC0415 - likewise
        IntegrityReport,
        find_waived_subjects,
        find_weakenings,
    )

    context = enter_repository()
    check_soft(context, soft=soft)
    kinds = frozenset(allowed) | _kinds(context.environ.get(_VARIABLE, ""))
    kinds |= _labelled(context.environ.get(_LABELS, ""))
    change = find_change_base(context, base)
    print_notes(change.notes, form)
    if change.commit is None:
        report = IntegrityReport(None, ())
    else:
        governed = govern_context(context, change.commit)
        waived = find_waived_subjects(governed.context, change.commit)
        allowances = Allowances(kinds=kinds, waived=waived)
        agent = find_suite_agents(context, interpreters)(context.table.suites[0])
        history = open_table_store(governed.context, store)
        report = find_weakenings(
            context, change.commit, allowances, agent, given=snapshots, store=history
        )
    missing = list_unknown((suite.suite, suite.verdict) for suite in report.unusable)
    if form == "json":
        print_json({**msgspec.to_builtins(report), "exit": int(report.exit)})
        return softened(report.exit, soft=soft, missing=missing)
    click.echo("\n".join(_text(report)))
    return softened(report.exit, soft=soft, missing=missing)


def _labelled(text: str) -> frozenset[str]:
    """The kinds that labels allow; other labels are ignored."""
    labels = {label.strip() for label in text.split(",")}
    return frozenset(kind for kind in KINDS if f"{_PREFIX}{kind}" in labels)


def _kinds(text: str) -> frozenset[str]:
    kinds = frozenset(kind for part in text.split(",") if (kind := part.strip()))
    if unknown := sorted(kinds.difference(KINDS)):
        msg = f"{_VARIABLE}: unknown kind {unknown[0]!r}; use one of: {', '.join(KINDS)}"
        raise InputError(msg)
    return kinds


def _text(report: IntegrityReport) -> Iterable[str]:
    if report.base is None:
        yield "integrity: nothing to compare"
        return
    yield f"changes since {short_commit(report.base)}"
    unusable_suites = {unusable.suite for unusable in report.unusable}
    for compared in report.compared:
        if compared.suite not in unusable_suites:
            yield f"{compared.suite}: {_compared(compared)}"
    for unusable in report.unusable:
        reasons = escape_unprintable("; ".join(unusable.reasons))
        reasons += "; until then only its sources are compared"
        yield f"{unusable.suite}: {unusable.verdict}: {reasons}"
    for judged in report.findings:
        allowed = f" (allowed by {judged.allowed_by})" if judged.allowed_by else ""
        yield escape_unprintable(f"{judged.finding}{allowed}")
    blocking = sum(judged.allowed_by is None for judged in report.findings)
    yield f"integrity: {count(len(report.findings), 'finding')}, {blocking} not allowed"


def _compared(suite: ComparedSuite) -> str:
    if suite.recorded_at is None:
        return (
            "no stored result of the base, so only its sources are compared; "
            "store one on the base branch with `covernance history add`"
        )
    return describe_base(suite.commit, suite.recorded_at, suite.behind)
