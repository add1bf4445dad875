"""Render the summary in a chosen format."""

from __future__ import annotations

from collections.abc import Mapping

from covernance.reports.markdown import COMMENT_LIMIT
from covernance.reports.state import State
from covernance.summary.render import markdown, summary_document, summary_text


def render(
    state: State,
    form: str,
    *,
    links: Mapping[str, str],
    attached: Mapping[str, str] | None = None,
    steps: Mapping[str, str] | None = None,
    limit: int = COMMENT_LIMIT,
) -> str:
    """Return the summary as `markdown`, `text` or `json`.

    Links, attachments and steps appear only in Markdown.

    Raises:
        InputError: A link is not an http(s) URL.
    """
    match form:
        case "json":
            return summary_document(state).decode()
        case "text":
            return summary_text(state)
        case _:
            return markdown(state, links, limit, attached, steps)
