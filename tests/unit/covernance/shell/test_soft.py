from __future__ import annotations

import pytest

from covernance.errors import ConfigError, Exit
from covernance.model.verdict import Verdict
from covernance.shell.soft import check_soft, list_unknown, softened
from tests.utils.contexts import context_of
from tests.utils.repository import TABLE, Repository

pytestmark = pytest.mark.security

ALLOWED = TABLE.replace("fail-under = 90", "fail-under = 90\nsoft-in-ci = true")


@pytest.mark.reliability
@pytest.mark.parametrize("code", list(Exit))
def test_soft_passes_only_gate_failures_and_prints_a_warning(
    code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert softened(code, soft=False) is code
    assert capsys.readouterr().err == ""
    assert softened(code, soft=True) is (Exit.PASS if code is Exit.GATE else code)
    assert ("SOFT" in capsys.readouterr().err) is (code is Exit.GATE)


def test_soft_does_not_replace_a_missing_result(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = [("api", Verdict.STALE), ("auth", Verdict.BELOW_FLOOR), ("web", Verdict.NO_DATA)]
    missing = list_unknown(verdicts)
    assert missing == ["api: stale", "web: no-data"]
    assert softened(Exit.GATE, soft=True, missing=missing) is Exit.GATE
    assert "api: stale, web: no-data" in capsys.readouterr().err


def test_soft_is_an_error_in_ci(repository: Repository) -> None:
    check_soft(context_of(repository.root), soft=True)
    check_soft(context_of(repository.root, {"CI": "true"}), soft=False)
    with pytest.raises(ConfigError, match=r"--soft or COVERAGE_SOFT: .* `soft-in-ci = true`"):
        check_soft(context_of(repository.root, {"CI": "true"}), soft=True)


def test_the_table_of_the_base_may_allow_it(repository: Repository) -> None:
    repository.commit_first()
    repository.git("switch", "--quiet", "--create", "feature")
    repository.write("pyproject.toml", ALLOWED)
    repository.commit()
    in_ci = {"CI": "true"}
    with pytest.raises(ConfigError, match="at the base of the change"):
        check_soft(context_of(repository.root, in_ci), soft=True)
    repository.git("branch", "--force", "main")
    repository.write("notes.txt", "x")
    repository.commit()
    check_soft(context_of(repository.root, in_ci), soft=True)
