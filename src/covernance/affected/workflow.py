"""Decide which suites a change affects, and which stored results are used for the others."""

from __future__ import annotations

import re
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from posixpath import dirname, join, normpath

from covernance.affected.policy import Setup, environment_reasons, input_reasons
from covernance.config import Suite, Table
from covernance.context import Context
from covernance.git.ancestors import list_ancestors
from covernance.git.base import find_base_commit
from covernance.git.changes import read_working_file
from covernance.git.listing import list_differences
from covernance.history.store import StoreListing
from covernance.matrix import carry_forward
from covernance.matrix.jobs import Decision
from covernance.model.inputs import Difference, Inputs
from covernance.model.text import short_commit

_ASKED = ("pull_request", "pull_request_target")
"""The GitHub events for which suites may be left out; for other events all suites run."""

_INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]*([^\s#]+)", re.MULTILINE)


def decide_suites(context: Context, history: StoreListing, ref: str | None) -> dict[str, Decision]:
    """Decide for each suite whether it runs.

    A suite is left out if nothing that the run of its nearest stored result depended on differs
    between the commit of that result and the work tree, and if that result can be carried forward.

    Args:
        context: The context; the table's folder must be the current one.
        history: The stored results.
        ref: The branch or commit that the change is compared with; None for the default.

    Raises:
        CovernanceError: git or the store can't be read.
    """
    table, environ = context.table, context.environ
    event = environ.get("GITHUB_EVENT_NAME")
    if event and event not in _ASKED:
        reason = f"everything runs on {environ.get('GITHUB_REF', event)} ({event})"
        return {suite.name: Decision((reason,)) for suite in table.suites}
    ancestors = list_ancestors(table.root, find_base_commit(context, ref))
    difference = cache(partial(list_differences, table.root))
    decisions = {}
    for suite in table.suites:
        carried = carry_forward.find(context, suite, history, ancestors)
        if isinstance(carried, carry_forward.NotCarried):
            decisions[suite.name] = Decision((carried.reason,))
            continue
        inputs = history.read(carried).inputs
        if reasons := suite_reasons(table, suite, inputs, difference(carried.commit)):
            decisions[suite.name] = Decision(reasons)
        else:
            reason = f"nothing that it depends on changed since {short_commit(carried.commit)}"
            decisions[suite.name] = Decision((reason,), carried)
    return decisions


def suite_reasons(
    table: Table, suite: Suite, inputs: Inputs | None, difference: Difference
) -> tuple[str, ...]:
    """Why a suite may end differently than its stored result; nothing if it can't.

    Args:
        table: The table.
        suite: The suite.
        inputs: What the run that measured the stored result depended on.
        difference: What differs between the commit of that result and the work tree.

    Raises:
        MachineError: A requirements file can't be read.
    """
    files = {other.name: requirements_files(table.root, other) for other in table.suites}
    suite_files = files[suite.name] if suite.requirements else None
    setup = Setup(
        requirements=suite_files,
        others=frozenset().union(*files.values()) - (suite_files or frozenset()),
        tool=tool_folders(table.root),
    )
    return (*environment_reasons(setup, difference), *input_reasons(inputs, difference))


def requirements_files(root: Path, suite: Suite) -> frozenset[str]:
    """The requirements file of a suite and the files that it includes by `-r` or `-c`."""
    names: set[str] = set()
    waiting = [suite.requirements] if suite.requirements else []
    while waiting:
        name = normpath(waiting.pop())
        if name not in names:
            names.add(name)
            text = read_working_file(root, name) or ""
            waiting += [join(dirname(name), included) for included in _INCLUDED.findall(text)]
    return frozenset(names)


def tool_folders(root: Path) -> tuple[str, ...]:
    """The folders of covernance and its agent, if they are part of the repository."""
    specs = (find_spec(name) for name in ("covernance", "covernance_agent"))
    folders = [Path(spec.origin).resolve().parent for spec in specs if spec and spec.origin]
    return tuple(
        folder.relative_to(root).as_posix() for folder in folders if folder.is_relative_to(root)
    )
