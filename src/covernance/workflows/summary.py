"""One summary of all suites, in the form that its reader takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from covernance.config import Table
from covernance.report import summary
from covernance.report.markdown import COMMENT_LIMIT
from covernance.report.state import Drop, ExceptionDue, Patch, State
from covernance.workflows import current


def state(
    table: Table,
    *,
    patches: Sequence[Patch] = (),
    drops: Sequence[Drop] = (),
    exceptions: Sequence[ExceptionDue] = (),
) -> State:
    """The current results, with what the policies found.

    Raises:
        InputError: A snapshot is damaged.
    """
    return State(
        themes=table.themes,
        suites=current.results(table),
        patches=tuple(patches),
        drops=tuple(drops),
        exceptions=tuple(exceptions),
    )


def render(
    found: State,
    form: str,
    *,
    links: Mapping[str, str],
    attached: Mapping[str, str] | None = None,
    steps: Mapping[str, str] | None = None,
    limit: int = COMMENT_LIMIT,
) -> str:
    """The summary as `markdown`, `text` or `json`; only Markdown has what is not of `found`.

    Raises:
        InputError: A link is no http(s) address.
    """
    match form:
        case "json":
            return summary.document(found).decode()
        case "text":
            return summary.text(found)
        case _:
            return summary.markdown(found, links, limit, attached, steps)
