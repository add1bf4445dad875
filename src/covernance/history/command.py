"""`covernance history`: store, list, show, restore, prune and export results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ParamSpec, TypedDict, Unpack

import click

from covernance.config.stores import STORES, StoreName, describe_stores
from covernance.context import Context
from covernance.errors import Exit
from covernance.git.default_branch import find_default_branch
from covernance.history import retention, workflow
from covernance.history.open import open_table_store
from covernance.history.store import Entry, NamedStore
from covernance.model.text import escape_unprintable, short_commit
from covernance.shell import tables
from covernance.shell.options import format_option
from covernance.shell.printing import print_json
from covernance.shell.repository import load_context

_Own = ParamSpec("_Own")

_suite = click.option("--suite", metavar="NAME", help="Use only results of this suite.")
_branch = click.option("--branch", metavar="NAME", help="Use only results of this branch.")
_dry_run = click.option(
    "--dry-run", is_flag=True, help="Print what would change without changing it."
)


class _Where(TypedDict):
    """The options that choose a store."""

    kind: StoreName | None
    store_branch: str | None
    remote: str | None
    local: bool


def _stored(command: Callable[_Own, Exit]) -> Callable[_Own, Exit]:
    """Give a command the options of `_Where`."""
    options = (
        click.option(
            "--store",
            "kind",
            type=click.Choice(list(STORES)),
            help=f"The store: {describe_stores()}. "
            "Default: $COVERAGE_HISTORY_STORE, else the table's.",
        ),
        click.option(
            "--store-branch",
            metavar="NAME",
            help="The branch of the git store. Default: the table's.",
        ),
        click.option(
            "--remote",
            metavar="NAME",
            help="The remote of the git store. Default: the table's, if the repository has it.",
        ),
        click.option(
            "--local", is_flag=True, help="Use the git store of this clone, without a remote."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group("history")
def command() -> None:
    """Store, find, restore and export the results of runs.

    The table selects the store; --store overrides it. The git store is a separate branch, which is
    written without touching the checkout, the index, HEAD or any other branch.
    """


@command.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[SNAPSHOT]...")
@click.option("--allow-dirty", is_flag=True, help="Store results of uncommitted changes in git.")
@_dry_run
@format_option
@_stored
def add(
    paths: tuple[Path, ...],
    form: str,
    *,
    allow_dirty: bool,
    dry_run: bool,
    **where: Unpack[_Where],
) -> Exit:
    """Store the last full result of every suite, or the given files.

    Adding a result again (same suite, commit and run) changes nothing. A result that was carried
    forward from an earlier commit is left out, and so is a stale one unless its file is named. The
    git store only accepts results of a clean checkout.

    \b
    Examples:
      covernance history add
      covernance history add --store git
      covernance history add --store git --dry-run coverage/api.snapshot.json
    """  # noqa: D301 - click reads the escape
    context = load_context()
    snapshots = workflow.load_history(paths, context.layout)
    stale = {} if paths else workflow.find_stale(context, snapshots)
    for suite, reasons in stale.items():
        click.echo(f"history: {suite} is left out: stale: {reasons}", err=True)
    snapshots = [result for result in snapshots if result.suite not in stale]
    store = _store(context, **where)
    if store.is_shared and not allow_dirty:
        workflow.reject_dirty(snapshots)
    added = workflow.list_new(store, snapshots) if dry_run else store.add(snapshots)
    verb = "would add" if dry_run else "added"
    _report(added, form, verb, "nothing to add: every result is already stored")
    return Exit.PASS


@command.command("list")
@_suite
@_branch
@format_option
@_stored
def list_(suite: str | None, branch: str | None, form: str, **where: Unpack[_Where]) -> Exit:
    """List the stored results, oldest first.

    \b
    Examples:
      covernance history list --suite api --branch main
      covernance history list --store git --format json
    """  # noqa: D301 - click reads the escape
    store = _store(load_context(), **where)
    entries = store.entries(suite=suite, branch=branch)
    _report(entries, form, "", f"{store.place}: no such result")
    return Exit.PASS


@command.command()
@click.argument("commit")
@_suite
@format_option
@_stored
def show(commit: str, suite: str | None, form: str, **where: Unpack[_Where]) -> Exit:
    """Show the newest result of each suite at a commit.

    COMMIT is a commit, its first digits, a branch, a tag or HEAD. JSON output contains the complete
    snapshots.

    \b
    Examples:
      covernance history show HEAD
      covernance history show 3f2a91c --suite api --format json
    """  # noqa: D301 - click reads the escape
    context = load_context()
    store = _store(context, **where)
    digits = workflow.resolve_digits(context.root, commit)
    entries = workflow.find_newest(store, digits, suite=suite)
    snapshots = [store.read(entry) for entry in entries]
    if form == "json":
        print_json(snapshots)
    else:
        click.echo("\n".join(_rows(entries)))
        click.echo("\n" + "\n".join(map(escape_unprintable, tables.table(snapshots).splitlines())))
    return Exit.PASS


@command.command()
@click.option(
    "--branch", metavar="NAME", help="The branch to restore. Default: the default branch."
)
@format_option
@_stored
def restore(branch: str | None, form: str, **where: Unpack[_Where]) -> Exit:
    """Restore the newest results of a branch as the last full runs.

    Commands that read the last full runs then work without running tests: `exceptions check`,
    `notify`, `summary`, `dashboard`. Results of runs in this checkout are never replaced.

    \b
    Examples:
      covernance history restore --store git
      covernance history restore --branch release && covernance summary --format text
    """  # noqa: D301 - click reads the escape
    context = load_context()
    store = _store(context, **where)
    entries = workflow.restore(context, store, branch or find_default_branch(context))
    _report(entries, form, "restored", "")
    return Exit.PASS


@command.command()
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many results per suite and branch to keep. Default: the table's.",
)
@click.option(
    "--default-branch",
    metavar="NAME",
    help="The branch whose newest result per suite and week is kept forever. Default: the table's.",
)
@_dry_run
@format_option
@_stored
def prune(
    keep: int | None,
    default_branch: str | None,
    form: str,
    *,
    dry_run: bool,
    **where: Unpack[_Where],
) -> Exit:
    """Delete old results.

    The newest results of every branch are kept, and one per week of the default branch forever. The
    git store deletes files with a new commit; its earlier commits still contain them.

    \b
    Examples:
      covernance history prune --dry-run
      covernance history prune --store git --keep 100 --default-branch trunk
    """  # noqa: D301 - click reads the escape
    context = load_context()
    store, table = _store(context, **where), context.table
    old_entries = retention.select_for_removal(
        store.entries(),
        keep=keep or table.history.keep,
        default_branch=default_branch or find_default_branch(context),
    )
    if not dry_run:
        store.prune(old_entries)
    _report(old_entries, form, "would delete" if dry_run else "deleted", "nothing to delete")
    return Exit.PASS


@command.command()
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file to write. Default: standard output.",
)
@_suite
@_branch
@_stored
def export(
    output: Path | None, suite: str | None, branch: str | None, **where: Unpack[_Where]
) -> Exit:
    """Export results as JSON, one snapshot per line, oldest first.

    \b
    Examples:
      covernance history export --suite api | jq .total
      covernance history export --store git -o history.jsonl
    """  # noqa: D301 - click reads the escape
    store = _store(load_context(), **where)
    entries = store.entries(suite=suite, branch=branch)
    if output:
        workflow.export(store, entries, output)
        click.echo(f"wrote {len(entries)} snapshots to {output}")
    else:
        for line in workflow.encode_lines(store, entries):
            click.echo(line, nl=False)
    return Exit.PASS


def _store(
    context: Context,
    kind: StoreName | None,
    store_branch: str | None,
    remote: str | None,
    *,
    local: bool,
) -> NamedStore:
    return open_table_store(context, kind, branch=store_branch, remote=remote, local=local)


def _report(entries: Sequence[Entry], form: str, verb: str, nothing: str) -> None:
    if form == "json":
        print_json(entries)
    elif not entries:
        click.echo(nothing)
    else:
        for row in _rows(entries):
            click.echo(f"{verb} {row}".strip())


def _rows(entries: Sequence[Entry]) -> list[str]:
    """Format entries as aligned columns: time, suite, commit, run, branch."""
    suites = max(len(entry.suite) for entry in entries)
    runs = max(len(entry.run_id) for entry in entries)
    return [
        f"{entry.recorded_at}  {entry.suite:{suites}}  {short_commit(entry.commit)}  "
        f"{entry.run_id:{runs}}  {entry.branch or '(no branch)'}"
        for entry in entries
    ]
