from __future__ import annotations

import pytest
from click.testing import CliRunner

from covernance.codecov.command import command
from covernance.errors import Exit
from tests.utils.repository import Repository

pytestmark = pytest.mark.architecture


def call(*arguments: str) -> tuple[Exit, str, str]:
    result = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    return result.return_value, result.stdout, result.stderr


@pytest.mark.reliability
@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_looking_writes_nothing_and_only_a_check_says_no(
    repository: Repository, option: str
) -> None:
    code, out, err = call(option)
    assert code is (Exit.GATE if option == "--check" else Exit.PASS)
    assert out.startswith("--- /dev/null\n+++ b/codecov.yml\n")
    assert ("run covernance codecov" in err) == (option == "--check")
    assert not (repository.root / "codecov.yml").exists()


def test_what_is_written_passes_the_check(repository: Repository) -> None:
    assert call() == (Exit.PASS, "wrote codecov.yml\n", "")
    assert '"calc-floor":' in (repository.root / "codecov.yml").read_text("utf-8")
    assert call("--check") == (Exit.PASS, "codecov.yml: no change\n", "")
