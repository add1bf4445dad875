"""Which suites a change affects, and for which others an earlier result may be carried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from posixpath import dirname, join, normpath

from covernance.affected.policy import Setup, environment_reasons, input_reasons
from covernance.config import Suite, Table
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
"""The events of GitHub on which a suite may be left out; on every other all are run."""

_INCLUDED = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]*([^\s#]+)", re.MULTILINE)


def decide(
    table: Table, history: StoreListing, ref: str | None, environ: Mapping[str, str], now: datetime
) -> dict[str, Decision]:
    """Decide of every suite whether it is run.

    A suite is left out if nothing that the run of its nearest stored result depended on differs
    between the commit of that result and the work tree, and if that result may be carried.

    Args:
        table: The table; its folder must be the current one.
        history: Where earlier results are stored.
        ref: The branch or commit that the change is compared with; None for the usual one.
        environ: The environment, which shows what CI runs for.
        now: The present.

    Raises:
        CovernanceError: git or the store can't be read.
    """
    event = environ.get("GITHUB_EVENT_NAME")
    if event and event not in _ASKED:
        reason = f"everything runs on {environ.get('GITHUB_REF', event)} ({event})"
        return {suite.name: Decision((reason,)) for suite in table.suites}
    ancestors = list_ancestors(table.root, find_base_commit(table, ref, environ))
    difference = cache(partial(list_differences, table.root))
    decisions = {}
    for suite in table.suites:
        found = carry_forward.find(table, suite, history, ancestors, now)
        if isinstance(found, carry_forward.Refused):
            decisions[suite.name] = Decision((found.reason,))
            continue
        inputs = history.read(found).inputs
        if reasons := suite_reasons(table, suite, inputs, difference(found.commit)):
            decisions[suite.name] = Decision(reasons)
        else:
            reason = f"nothing that it depends on changed since {short_commit(found.commit)}"
            decisions[suite.name] = Decision((reason,), found)
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
    own = files[suite.name] if suite.requirements else None
    setup = Setup(
        requirements=own,
        others=frozenset().union(*files.values()) - (own or frozenset()),
        tool=tool_folders(table.root),
    )
    return (*environment_reasons(setup, difference), *input_reasons(inputs, difference))


def requirements_files(root: Path, suite: Suite) -> frozenset[str]:
    """The requirements file of a suite with those that it includes by `-r` or `-c`."""
    found: set[str] = set()
    waiting = [suite.requirements] if suite.requirements else []
    while waiting:
        name = normpath(waiting.pop())
        if name not in found:
            found.add(name)
            text = read_working_file(root, name) or ""
            waiting += [join(dirname(name), included) for included in _INCLUDED.findall(text)]
    return frozenset(found)


def tool_folders(root: Path) -> tuple[str, ...]:
    """The folders of covernance and its agent, if the repository holds those that run."""
    specs = (find_spec(name) for name in ("covernance", "covernance_agent"))
    folders = [Path(spec.origin).resolve().parent for spec in specs if spec and spec.origin]
    return tuple(
        folder.relative_to(root).as_posix() for folder in folders if folder.is_relative_to(root)
    )
