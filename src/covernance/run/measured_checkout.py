"""The checkout that a run measures: what it was at the start, and what changed until the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from covernance.agent.environment import Environment
from covernance.config import Suite
from covernance.contents import CHANGED_MEANWHILE, Contents, belongs, settle
from covernance.context import Context
from covernance.git.listing import list_tracked
from covernance.git.provenance import add_environment, describe_run, read_head
from covernance.model.inputs import Inputs
from covernance.model.snapshot import Provenance
from covernance.model.text import escape_unprintable, join_some, short_commit

_MOST_PATHS = 3


class MeasuredCheckout:
    """Describes the results of a run by the checkout at its start."""

    def __init__(self, context: Context, suites: Iterable[Suite]) -> None:
        """Read the checkout before the first test can change it."""
        self._context = context
        self._suites = tuple(suites)
        self._source = describe_run(context)
        self._contents = self._read()

    def end(self, note: Callable[[str], None]) -> None:
        """Read the checkout again after the last test, and note what has changed.

        A result that is not of one commit, or of one content of its suite's files, is not clean.
        """
        if (head := read_head(self._context.root)) != self._source.commit:
            note(
                f"another commit was checked out during the run: {short_commit(head, 'none')}; the "
                f"results are of {short_commit(self._source.commit, 'none')}, and not clean"
            )
            self._source = msgspec.structs.replace(self._source, dirty=True)
        for suite, after in self._read().items():
            contents = settle(self._contents[suite], after)
            self._contents[suite] = contents
            changed = [path for path in contents if contents[path] == CHANGED_MEANWHILE]
            if changed:
                note(f"{suite}: {_shorten(changed)} {CHANGED_MEANWHILE}; run it again")

    def describe(self, suite: Suite, environment: Environment, inputs: Inputs | None) -> Provenance:
        """Describe the result of a suite; `inputs` is what it depended on, if that is known."""
        contents = self._contents[suite.name] | self._read_data(suite, inputs)
        source = add_environment(self._source, environment)
        dirty = True if CHANGED_MEANWHILE in contents.values() else source.dirty
        return msgspec.structs.replace(source, dirty=dirty, contents=contents)

    def _read_data(self, suite: Suite, inputs: Inputs | None) -> dict[str, str]:
        """The digests of a suite's other tracked files: templates, test data.

        A suite of the whole repository has none, since nothing tells them from other files.
        """
        if "." in (*suite.source, *suite.tests):
            return {}
        read = {path for path in (inputs.read if inputs else ()) if belongs(path, suite)}
        read -= self._contents[suite.name].keys()
        if not read or not (tracked := list_tracked(self._context.root)):
            return {}
        known = read & tracked.names
        contents = Contents(self._context).of_suite(suite, known)
        return {path: contents[path] for path in sorted(known & contents.keys())}

    def _read(self) -> dict[str, dict[str, str]]:
        contents = Contents(self._context)
        return {suite.name: contents.of_suite(suite) for suite in self._suites}


def _shorten(paths: list[str]) -> str:
    return join_some(map(escape_unprintable, paths), _MOST_PATHS)
