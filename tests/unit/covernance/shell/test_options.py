from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from covernance.errors import Exit
from covernance.shell.options import soft_option, softened

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("code", list(Exit))
def test_soft_passes_only_gate_failures_and_prints_a_warning(
    code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert softened(code, soft=False) is code
    assert capsys.readouterr().err == ""
    assert softened(code, soft=True) is (Exit.PASS if code is Exit.GATE else code)
    assert ("SOFT" in capsys.readouterr().err) is (code is Exit.GATE)


@pytest.mark.architecture
@pytest.mark.parametrize(
    ("arguments", "environ", "soft"),
    [
        ([], {}, False),
        (["--soft"], {}, True),
        ([], {"COVERAGE_SOFT": "1"}, True),
        ([], {"COVERAGE_SOFT": "0"}, False),
    ],
)
def test_option_or_variable_sets_soft(
    arguments: list[str], environ: dict[str, str], *, soft: bool
) -> None:
    @click.command
    @soft_option
    def command(*, soft: bool) -> bool:
        return soft

    ran = CliRunner().invoke(command, arguments, env=environ, standalone_mode=False)
    assert ran.return_value is soft
