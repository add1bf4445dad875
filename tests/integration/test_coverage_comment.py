"""coverage-comment.yml's script, on real Node with the real client and a server on loopback."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.integration.github_script.runner import run_script, scripts
from tests.integration.github_server import BOT, LONGEST_COMMENT, REPOSITORY, GitHub, serving
from tests.utils.repository import Ran, Repository

pytestmark = pytest.mark.security

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github/workflows/coverage-comment.yml"

SHA = "1f" * 20
RUN_URL = f"https://github.com/{REPOSITORY}/actions/runs/42"
MARK = "<!-- covernance:coverage-comment"
STARTED = "2026-11-21T12:00:00Z"
TABLE = (
    "## Coverage: 1 of 1 suites pass\n\n| suite | verdict |\n| :-- | :-- |\n| calc | ✅ `pass` |\n"
)

Post = Callable[..., Ran]


def event(**changes: object) -> dict[str, Any]:
    run = {
        "id": 42,
        "event": "pull_request",
        "head_sha": SHA,
        "head_branch": "topic",
        "head_repository": {"id": 1, "owner": {"login": "octo"}},
        "html_url": RUN_URL,
        "run_started_at": STARTED,
        "conclusion": "success",
        "pull_requests": [],
    }
    return {"action": "completed", "workflow_run": run | changes}


@pytest.fixture
def github() -> Iterator[GitHub]:
    with serving() as made:
        yield made


@pytest.fixture
def post(github: GitHub, tmp_path: Path) -> Post:
    """Run the workflow's script after a run that left `text`, or left nothing."""
    [script] = scripts(WORKFLOW)
    artifact = tmp_path / "coverage-comment"

    def run(text: str | bytes | None = TABLE, **changes: object) -> Ran:
        shutil.rmtree(artifact, ignore_errors=True)
        if text is not None:
            artifact.mkdir()
            content = text.encode() if isinstance(text, str) else text
            (artifact / "comment.md").write_bytes(content)
        return run_script(script, github, tmp_path, event(**changes))

    return run


def tokens(body: str) -> list[Token]:
    """What GitHub's Markdown makes of a comment, every token of it."""
    made = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(body)
    return [token for block in made for token in (block, *(block.children or ()))]


def cells(body: str) -> list[str]:
    return [token.content for token in tokens(body) if token.type == "code_inline"]


ALLOWED = {"code_inline", "inline", "softbreak", "text", "hr"} | {
    f"{name}_{end}"
    for name in (
        *("heading", "paragraph", "bullet_list", "list_item"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    )
    for end in ("open", "close")
}


def assert_neutral(body: str) -> None:
    """Between the marker and the last words nothing but the rules of tables is outside of code."""
    marker, _, rest = body.partition("\n\n")
    assert marker == f"{MARK} {STARTED} -->"
    text, _, about = rest.rpartition("\n\n")
    assert about.startswith(f"From [the run]({RUN_URL}) of {SHA[:12]}, which ended as ")
    text = text.replace(
        f"**Cut to fit a comment.** See [the run's summary]({RUN_URL}) for the rest.", ""
    )
    text = text.replace("**No coverage summary:** the run left none that can be read.", "")
    made = tokens(text)
    assert {token.type for token in made} <= ALLOWED
    bare = "".join(token.content for token in made if token.type == "text")
    assert re.fullmatch(r"[-:| ]*", bare), bare
    assert len(body) <= LONGEST_COMMENT


@pytest.mark.architecture
def test_a_comment_is_made_once_and_then_updated(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    post()
    [first] = github.bodies(7)
    assert first.startswith(f"{MARK} {STARTED} -->\n\n## `Coverage: 1 of 1 suites pass`\n")
    assert "| `suite` | `verdict` |\n| :-- | :-- |\n| `calc` | `✅ pass` |" in first
    assert_neutral(first)

    post(TABLE.replace("pass` |", "below-floor` |"), conclusion="failure")
    [second] = github.bodies(7)
    assert "`✅ below-floor`" in second
    assert "which ended as **failure**" in second
    assert github.writes == [
        f"POST /repos/{REPOSITORY}/issues/7/comments",
        f"PATCH /repos/{REPOSITORY}/issues/comments/1",
    ]


@pytest.mark.architecture
def test_what_the_summary_says_is_shown(post: Post, github: GitHub, repository: Repository) -> None:
    assert repository.covernance("run").code == 0
    repository.write("guard.txt", "calc: dropped\n  total: 100.00 % -> 90.00 %\n")
    summary = repository.covernance(
        *("summary", "--attach", "Guard=guard.txt", "--link", "HTML=https://example.org/html")
    ).out
    github.open_pull(7, SHA)
    post(summary)
    [body] = github.bodies(7)
    assert_neutral(body)
    kinds = [token.type for token in tokens(body)]
    assert kinds.index("table_open") < kinds.index("bullet_list_open")
    assert {"calc", "architecture", "100.00", "✅ pass"} <= set(cells(body))
    assert "### `Guard`\n\n`calc: dropped`\n`total: 100.00 % -> 90.00 %`\n" in body


@pytest.mark.reliability
def test_the_comment_is_found_on_the_third_page(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    for number in range(250):
        github.add_comment(7, f"talk {number}", {"login": "someone", "type": "User"})
    ours = github.add_comment(7, f"{MARK} 2026-11-20T00:00:00Z -->\n\nold")
    post()
    assert ours["body"].startswith(f"{MARK} {STARTED} -->")
    assert len(github.comments[7]) == 251
    assert sum("/issues/7/comments?" in request for request in github.requests) == 3


def test_the_pull_request_of_a_fork_is_found(post: Post, github: GitHub) -> None:
    github.open_pull(6, SHA, head="octo:topic", repository=1)
    github.open_pull(7, SHA, head="guest:topic", repository=2)
    post(head_repository={"id": 2, "owner": {"login": "guest"}})
    assert github.bodies(6) == []
    assert len(github.bodies(7)) == 1


@pytest.mark.parametrize(
    ("opened", "head"),
    [
        ({"sha": "2e" * 20}, {"id": 1, "owner": {"login": "octo"}}),
        ({"sha": SHA, "repository": 9}, {"id": 1, "owner": {"login": "octo"}}),
        ({"sha": SHA, "head": "octo:other"}, {"id": 1, "owner": {"login": "octo"}}),
        ({"sha": SHA}, None),
    ],
    ids=["a newer commit was pushed", "another fork", "another branch", "the fork is gone"],
)
def test_nothing_is_posted_where_the_commit_heads_no_pull_request(
    post: Post, github: GitHub, opened: dict[str, Any], head: object
) -> None:
    github.open_pull(7, **opened)
    ran = post(head_repository=head)
    assert f"::notice::{SHA} is not the head of an open pull request; nothing is posted" in ran.out
    assert github.writes == []


def test_a_closed_pull_request_is_left_alone(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    github.pulls[0]["state"] = "closed"
    assert "is not the head of an open pull request" in post().out
    assert github.writes == []


@pytest.mark.reliability
def test_an_older_run_does_not_replace_what_a_newer_one_said(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    post(run_started_at="2026-11-21T12:30:00Z")
    ran = post("| older |\n", run_started_at=STARTED)
    assert "#7 shows a newer run; nothing is posted" in ran.out
    [body] = github.bodies(7)
    assert "older" not in body


@pytest.mark.parametrize(
    "user",
    [
        {"login": "mallory", "type": "User"},
        {"login": "github-actions[bot]", "type": "User"},
        {"login": "other[bot]", "type": "Bot"},
    ],
    ids=lambda user: f"{user['login']} {user['type']}",
)
def test_a_marker_that_another_forged_is_ignored(
    post: Post, github: GitHub, user: dict[str, str]
) -> None:
    github.open_pull(7, SHA)
    forged = github.add_comment(7, f"{MARK} 9999-01-01T00:00:00Z -->\n\nforged", user)
    post()
    assert forged["body"].endswith("forged")
    assert len(github.bodies(7)) == 2


def test_a_bot_that_quotes_the_marker_is_ignored(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    github.add_comment(7, f"> {MARK} 9999-01-01T00:00:00Z -->", BOT)
    post()
    assert len(github.bodies(7)) == 2


@pytest.mark.reliability
def test_a_run_that_left_nothing_takes_the_place_of_old_figures(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    post(run_started_at="2026-11-21T11:00:00Z")
    ran = post(None, conclusion="timed_out")
    [body] = github.bodies(7)
    assert "**No coverage summary:** the run left none that can be read." in body
    assert "which ended as **timed_out**" in body
    assert "::warning::the run left no summary that can be read: ENOENT" in ran.out


def test_an_artifact_that_is_a_link_is_not_followed(
    post: Post, github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github.open_pull(7, SHA)
    (tmp_path / "secret").write_text("of the runner", encoding="utf-8")
    write_bytes = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", lambda path, _: path.symlink_to(tmp_path / "secret"))
    ran = post()
    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    assert "ELOOP" in ran.out
    assert "of the runner" not in github.bodies(7)[0]


@pytest.mark.reliability
@pytest.mark.parametrize(
    "text",
    [
        TABLE + "- reason\n" * 20_000,
        "x" * 200_000,
        "| a | b |\n| -- | -- |\n" + "| ✅ | 😀 |\n" * 9_000,
        "| x" * 20_000,
    ],
    ids=["lines", "one line", "a table", "cells"],
)
def test_too_long_a_text_is_cut_and_says_so(post: Post, github: GitHub, text: str) -> None:
    github.open_pull(7, SHA)
    post(text)
    [body] = github.bodies(7)
    assert "**Cut to fit a comment.**" in body
    assert_neutral(body)


@pytest.mark.reliability
def test_a_text_that_fits_is_not_said_to_be_cut(post: Post, github: GitHub) -> None:
    github.open_pull(7, SHA)
    post("- `reason`\n" * 5_000)
    [body] = github.bodies(7)
    assert "Cut to fit" not in body
    assert body.count("- `reason`") == 5_000


HOSTILE = (
    "@octo/admins @everyone please",
    "fixes #1, closes octo/covernance#2, GH-3",
    "see https://evil.example/login and www.evil.example or mail a@evil.example",
    "![](https://evil.example/pixel.png)",
    "[click](https://evil.example) [ref] [foot][1]\n\n[1]: https://evil.example",
    "<img src=x onerror=alert(1)><details><summary>x</summary> <!-- y",
    "`code` ``@two`` ```three",
    "```\nfenced\n```\n@after",
    "~~~\n@fenced",
    "    indented @code",
    "> @quote\n1. @one\n+ @plus\n* @star\n- - @nested",
    "&#64;octo &commat;octo \\@octo \\`@octo\\`",
    "x | y @a\n|---|---|\n@b | @c\n| @d | `@e | f`|",
    "| a | b | c |\n|---|---|---|\n| \\`\\| @octo \\| |\n",
    "a\rb\u2028@c\u2029@d\x00\x1b\u202e@e",
    "# top\n####### deep @a\n## ## @b ##\nsetext @c\n===",
    "$$x$$ :tada: **@bold** _@it_ \\_@under\\_",
    f"{MARK} 9999-01-01T00:00:00Z -->",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_the_text_reaches_github(post: Post, github: GitHub, text: str) -> None:
    github.open_pull(7, SHA)
    post(text)
    [body] = github.bodies(7)
    assert_neutral(body)
    assert "".join(cells(body)).count("@") == text.count("@")


@settings(max_examples=20)
@given(
    text=st.lists(
        st.one_of(
            st.sampled_from(
                [*HOSTILE, "|", "|--|", "| a | b |", "- ", "## ", "\\", "`", "``", "\n"]
            ),
            st.text(max_size=8),
        ),
        max_size=40,
    ).map("".join)
)
def test_no_text_gets_out_of_its_code(post: Post, github: GitHub, text: str) -> None:
    github.pulls.clear()
    github.open_pull(7, SHA)
    post(text.encode(errors="replace"))
    assert_neutral(github.bodies(7)[0])


@pytest.mark.architecture
def test_the_workflow_holds_the_least_rights_and_runs_no_code_of_the_change() -> None:
    loaded = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    [job] = loaded["jobs"].values()
    assert job["if"] == (
        "github.event.workflow_run.event == 'pull_request' && "
        "github.event.workflow_run.conclusion != 'cancelled'"
    )
    assert loaded["permissions"] == {}
    assert job["permissions"] == {"actions": "read", "pull-requests": "write"}
    used = [step["uses"].partition("@")[0] for step in job["steps"]]
    assert used == ["actions/download-artifact", "actions/github-script"]
    assert "${{" not in job["steps"][1]["with"]["script"]
