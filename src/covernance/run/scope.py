"""What part of a suite a run covers: all of it, a shard, or a selection."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from covernance.engine.shard import Shard
from covernance.engine.theme_result import ThemeResult
from covernance.run.outcomes import count_deselected
from covernance.run.request import Request


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What part of a suite was run.

    Attributes:
        shard: Which of the parts into which CI split the suite.
        selection: Why tests of that part were left out, each reason as a user would write it;
            empty if none were.
    """

    shard: Shard = Shard()
    selection: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every test of the suite was to run."""
        return self.shard.whole and not self.selection

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this is not the whole suite; empty if it is."""
        return (*(() if self.shard.whole else (f"shard {self.shard}",)), *self.selection)


def list_requested_reasons(request: Request) -> tuple[str, ...]:
    """List the reasons, known before anything runs, why a request leaves tests out.

    A request with such a reason neither reuses a stored result nor replaces it.
    """
    themes = () if request.themes is None else (f"--theme {', '.join(request.themes)}",)
    return (*themes, *request.arguments.narrowing)


def find_scope(request: Request, results: Sequence[ThemeResult]) -> Scope:
    """Compute the scope of a suite's results.

    What the project's own configuration leaves out is not part of the suite. Only what a user
    leaves out for one run makes a selection.

    Args:
        request: What the user asked for: themes, a shard, arguments that leave tests out.
        results: The result of each theme; the agent recorded how many tests were deselected.
    """
    selection = list_requested_reasons(request)
    unknown = ", ".join(request.arguments.meaning.unknown)
    if unknown and not selection and (deselected := count_deselected(results)):
        selection = (f"{unknown}; {deselected} tests deselected",)
    return Scope(shard=request.shard, selection=selection)
