from __future__ import annotations

import json

import msgspec
import pytest
from click.testing import CliRunner

from covernance.commands.summary import summary
from covernance.errors import Exit, InputError
from covernance.layout import Layout
from covernance.model.snapshot import Snapshot
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


@pytest.fixture
def _measured(repository: Repository, snapshot: Snapshot) -> None:
    path = Layout(repository.root).snapshot("calc")
    path.parent.mkdir()
    path.write_bytes(msgspec.structs.replace(snapshot, suite="calc").encode())


def out(*arguments: str) -> str:
    result = CliRunner().invoke(summary, arguments, standalone_mode=False, catch_exceptions=False)
    assert result.return_value is Exit.PASS
    return result.stdout


@pytest.mark.usefixtures("_measured")
def test_markdown_is_printed_whatever_the_verdict() -> None:
    assert out().startswith("## Coverage: 0 of 1 suites pass\n")
    assert out().endswith("is below the floor of 90 %`\n")


@pytest.mark.usefixtures("_measured")
def test_text_and_json_tell_the_same() -> None:
    assert out("--format", "text").startswith("coverage: 0 of 1 suites pass\n")
    assert json.loads(out("--format", "json"))["suites"]["calc"]["verdict"] == "below-floor"


@pytest.mark.reliability
def test_a_missing_suite_is_told(repository: Repository) -> None:
    assert "calc: no result; `covernance run --suite calc` makes one" in out()


@pytest.mark.usefixtures("_measured")
def test_links_are_labelled() -> None:
    told = out("--link", "HTML=https://ci.example.org/?a=b", "--link", "Run=https://x.example/1")
    assert "- [`HTML`](https://ci.example.org/?a=b)\n- [`Run`](https://x.example/1)\n" in told


@pytest.mark.security
@pytest.mark.parametrize("text", ["https://x.example", "=https://x.example", "label=", "x=ftp://y"])
def test_a_link_that_is_none_is_refused(repository: Repository, text: str) -> None:
    with pytest.raises(InputError, match=r"give (a label|one as)"):
        CliRunner().invoke(summary, ["--link", text], standalone_mode=False, catch_exceptions=False)
