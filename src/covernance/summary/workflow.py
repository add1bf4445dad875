"""One summary of all suites, in the form that its reader takes."""

from __future__ import annotations

from collections.abc import Mapping

from covernance.reports.markdown import COMMENT_LIMIT
from covernance.reports.state import State
from covernance.summary.render import markdown, summary_document, summary_text


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
            return summary_document(found).decode()
        case "text":
            return summary_text(found)
        case _:
            return markdown(found, links, limit, attached, steps)
