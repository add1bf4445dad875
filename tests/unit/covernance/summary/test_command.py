from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from covernance.errors import Exit, InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from covernance.summary.command import command
from tests.utils.repository import Repository
from tests.utils.results import measured_now

pytestmark = pytest.mark.architecture


@pytest.fixture
def _measured(repository: Repository, snapshot: Snapshot) -> None:
    path = Layout(repository.root).snapshot("calc")
    path.parent.mkdir()
    result = msgspec.structs.replace(snapshot, suite="calc")
    path.write_bytes(measured_now(result, repository.root).encode())


def out(*arguments: str) -> str:
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value is Exit.PASS
    return result.stdout


@pytest.mark.usefixtures("_measured")
def test_markdown_is_printed_and_exits_0_for_any_verdict() -> None:
    assert out().startswith("## Coverage: 0 of 1 suites pass\n")
    assert out().endswith("% (floor 90 %)`\n")


@pytest.mark.usefixtures("_measured")
def test_text_and_json_show_the_same_state() -> None:
    assert out("--format", "text").startswith("coverage: 0 of 1 suites pass\n")
    assert json.loads(out("--format", "json"))["suites"]["calc"]["verdict"] == "below-floor"


@pytest.mark.reliability
def test_missing_suite_is_shown(repository: Repository) -> None:
    assert "calc: no result; run `covernance run --suite calc`" in out()


@pytest.mark.usefixtures("_measured")
def test_links_have_labels() -> None:
    text = out("--link", "HTML=https://ci.example.org/?a=b", "--link", "Run=https://x.example/1")
    assert "- [`HTML`](https://ci.example.org/?a=b)\n- [`Run`](https://x.example/1)\n" in text


@pytest.mark.security
@pytest.mark.parametrize("text", ["https://x.example", "=https://x.example", "label=", "x=ftp://y"])
def test_invalid_link_is_rejected(repository: Repository, text: str) -> None:
    with pytest.raises(InputError, match=r"write LABEL="):
        CliRunner().invoke(command, ["--link", text], standalone_mode=False, catch_exceptions=False)


@pytest.mark.usefixtures("_measured")
@pytest.mark.security
def test_attached_output_is_indented_and_escaped(tmp_path: Path) -> None:
    guard_output = tmp_path / "guard.txt"
    guard_output.write_text("api: dropped\n\n```\n<b>|</b>\x1b[31m\n", encoding="utf-8")
    (tmp_path / "empty.txt").touch()
    files = {"Guard": "guard.txt", "Empty": "empty.txt", "Integrity": "none.txt"}
    pairs = [
        part for label, name in files.items() for part in ("--attach", f"{label}={tmp_path / name}")
    ]
    text = out(*pairs)
    assert "### `Guard`\n\n    api: dropped\n    \n    ```\n    <b>|</b>\\x1b[31m\n" in text
    assert "### `Integrity`\n\n    did not run\n" in text
    assert "Empty" not in text


@pytest.mark.usefixtures("_measured")
def test_workflow_commands_are_not_attached(tmp_path: Path) -> None:
    patch_output = "calc/a.py:3: did not run\n::warning file=calc/a.py,line=3::This did not run.\n"
    (tmp_path / "patch.txt").write_text(patch_output, encoding="utf-8")
    text = out("--attach", f"Patch={tmp_path / 'patch.txt'}")
    assert text.endswith("### `Patch`\n\n    calc/a.py:3: did not run\n")


@pytest.mark.usefixtures("_measured")
def test_long_attachment_is_cut_and_counted(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("line\n" * 1000, encoding="utf-8")
    text = out("--limit", "1000", "--attach", f"Long={tmp_path / 'long.txt'}")
    assert len(text.encode()) <= 1000
    assert "more lines, cut to fit" in text


@pytest.mark.usefixtures("_measured")
def test_step_outcomes_are_shown_at_the_top() -> None:
    text = out("--step", "Guard=failure", "--step", "Integrity=success", "--step", "Patch=skipped")
    step_line = "❌ `Guard` `failure` · ✅ `Integrity` · ❌ `Patch` `skipped`"
    assert text.splitlines()[2] == step_line
