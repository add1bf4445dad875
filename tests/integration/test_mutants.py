"""How the results of mutation testing are judged."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from covernance.errors import Exit
from scripts import mutants
from scripts.mutants import choose_modules, count_mutants, format_report, list_modules, main

pytestmark = pytest.mark.architecture

ROOT = Path(__file__).parents[2]
FLOORS = "covernance.gate.floors"
MUTANT = "covernance.gate.floors.xǁVerdictǁexit__mutmut_{}"


def results(**numbers: int) -> str:
    """What mutmut prints of as many mutants of each status."""
    statuses = [status for status, number in numbers.items() for _ in range(number)]
    return "".join(
        f"    {MUTANT.format(index)}: {status.replace('_', ' ')}\n"
        for index, status in enumerate(statuses, start=1)
    )


@pytest.fixture
def mutmut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replace mutmut in a folder of two modules: `run` exits with `status`, `results` prints `out`.

    Its calls are in `called`.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.mutmut]\n"
        'only_mutate = ["src/covernance/gate/*.py", "src/covernance/patch/policy.py"]\n'
    )
    for name in ("gate/__init__.py", "gate/floors.py", "patch/policy.py"):
        path = tmp_path / "src/covernance" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    script = tmp_path / "mutmut"
    script.write_text(
        '#!/bin/sh\necho "$@" >> called\n[ "$1" = run ] && exit "$(cat status)"\ncat out\n'
    )
    script.chmod(0o755)
    (tmp_path / "status").write_text("0")
    (tmp_path / "out").write_text(results(killed=9, survived=1))
    monkeypatch.setattr(mutants, "_MUTMUT", str(script))
    return tmp_path


@pytest.mark.parametrize(("killed", "survived", "enough"), [(9, 1, True), (899, 101, False)])
def test_nine_of_ten_mutants_of_a_module_must_be_killed(
    killed: int, survived: int, *, enough: bool
) -> None:
    tally = count_mutants(results(killed=killed, survived=survived), [FLOORS])[FLOORS]
    assert (tally.total, tally.enough) == (killed + survived, enough)


@pytest.mark.security
@pytest.mark.parametrize(
    "status", ["survived", "no_tests", "suspicious", "not_checked", "segfault", "skipped"]
)
def test_only_a_test_that_fails_or_never_ends_kills(status: str) -> None:
    tally = count_mutants(results(killed=1, timeout=1, **{status: 1}), [FLOORS])[FLOORS]
    assert (len(tally.killed), tally.survived) == (2, [MUTANT.format(3)])


def test_modules_that_were_not_asked_for_are_not_counted() -> None:
    other = results(not_checked=1).replace("gate", "gate_keeper")
    assert list(count_mutants(results(killed=1) + other, [FLOORS])) == [FLOORS]


def test_the_report_lists_survivors_and_one_line_per_module() -> None:
    out = results(killed=8, survived=2) + results(killed=1).replace("gate.floors", "model.lines")
    tallies = count_mutants(out, [FLOORS, "covernance.model.lines", "covernance.model.text"])
    assert format_report(tallies) == (
        f"{MUTANT.format(9)}\n"
        f"{MUTANT.format(10)}\n"
        "module                  mutants  killed  survived  killed %\n"
        "covernance.gate.floors       10       8         2        80  below 90 %\n"
        "covernance.model.lines        1       1         0       100\n"
        "covernance.model.text         0       0         0         -\n"
        "all                          11       9         2        81"
    )


@pytest.mark.parametrize(
    "argument",
    [
        "gate/floors",
        "gate/floors.py",
        "floors",
        "gate",
        "src/covernance/gate/floors.py",
        "covernance.gate.floors",
    ],
)
def test_a_module_is_chosen_by_path_or_name(argument: str) -> None:
    modules = [FLOORS, "covernance.gates.floor", "covernance.patch.policy"]
    assert choose_modules(modules, [argument]) == [FLOORS]


def test_several_arguments_choose_each_module_once_and_none_chooses_all() -> None:
    modules = [FLOORS, "covernance.notify.policy", "covernance.patch.policy"]
    assert choose_modules(modules, ["policy", "patch"]) == modules[1:]
    assert choose_modules(modules, []) == modules


@pytest.mark.reliability
@pytest.mark.parametrize("argument", ["floor", "gate/policy", "."])
def test_an_argument_that_names_no_module_is_an_error(
    mutmut: Path, argument: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument]) is Exit.ERROR
    assert f"{argument!r} names none of the modules covernance.gate" in capsys.readouterr().err
    assert not (mutmut / "called").exists()


@pytest.mark.reliability
def test_a_module_that_was_moved_away_is_an_error(
    mutmut: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mutmut / "src/covernance/patch/policy.py").unlink()
    assert main(["gate"]) is Exit.ERROR
    assert "only_mutate: 'src/covernance/patch/policy.py' matches no" in capsys.readouterr().err


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("out", "status", "code"),
    [
        (results(killed=9, survived=1), "0", Exit.PASS),
        (results(killed=8, survived=2), "0", Exit.GATE),
        (results(killed=9), "1", Exit.ERROR),
        (results(killed=9).replace("gate", "patch"), "0", Exit.ERROR),
        ("", "0", Exit.ERROR),
    ],
)
def test_the_exit_code_separates_too_few_from_none(
    mutmut: Path, out: str, status: str, code: Exit
) -> None:
    (mutmut / "out").write_text(out)
    (mutmut / "status").write_text(status)
    assert main(["gate"]) is code


def test_every_call_starts_again(mutmut: Path) -> None:
    (mutmut / "mutants").mkdir()
    assert main(["floors"]) is Exit.PASS
    assert not (mutmut / "mutants").exists()
    assert (mutmut / "called").read_text() == "run covernance.gate.floors.*\nresults --all true\n"


def test_every_module_that_is_mutated_has_its_tests_among_those_that_run() -> None:
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    selected = [ROOT / path for path in table["pytest_add_cli_args_test_selection"]]
    assert [path for path in selected if not path.exists()] == []
    for module in list_modules(ROOT):
        *folders, name = module.split(".")
        path = ROOT.joinpath("tests/unit", *folders, f"test_{name}.py")
        assert any(path.is_relative_to(one) for one in selected), module
