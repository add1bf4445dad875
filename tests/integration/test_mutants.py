"""How the results of mutation testing are judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from covernance.errors import Exit
from scripts import mutants
from scripts.mutants import main, report, tallies

pytestmark = pytest.mark.architecture

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
    """Stands for mutmut in an empty folder: `run` exits with `status`, `results` prints `out`."""
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "mutmut"
    script.write_text(
        '#!/bin/sh\necho "$@" >> called\n[ "$1" = run ] && exit "$(cat status)"\ncat out\n'
    )
    script.chmod(0o755)
    (tmp_path / "status").write_text("0")
    monkeypatch.setattr(mutants, "_MUTMUT", str(script))
    return tmp_path


@pytest.mark.parametrize(("killed", "survived", "enough"), [(9, 1, True), (899, 101, False)])
def test_nine_of_ten_mutants_of_a_module_must_be_killed(
    killed: int, survived: int, *, enough: bool
) -> None:
    (tally,) = tallies(results(killed=killed, survived=survived), ()).values()
    assert (tally.total, tally.enough) == (killed + survived, enough)


@pytest.mark.security
@pytest.mark.parametrize(
    "status", ["survived", "no_tests", "suspicious", "not_checked", "segfault", "skipped"]
)
def test_only_a_test_that_fails_or_never_ends_kills(status: str) -> None:
    (tally,) = tallies(results(killed=1, timeout=1, **{status: 1}), ()).values()
    assert (len(tally.killed), tally.survived) == (2, [MUTANT.format(3)])


def test_modules_that_were_not_asked_for_are_left_out() -> None:
    other = results(not_checked=1).replace("gate", "gate_keeper")
    assert list(tallies(results(killed=1) + other, ["gate"])) == ["covernance.gate.floors"]


def test_the_report_names_survivors_and_counts_by_module() -> None:
    other = results(killed=1).replace("policy.gate", "model.lines")
    assert report(tallies(results(killed=8, survived=2) + other, ())) == (
        f"{MUTANT.format(9)}\n"
        f"{MUTANT.format(10)}\n"
        "covernance.model.lines     1 killed    0 survived\n"
        "covernance.gate.floors     8 killed    2 survived  below 90 %\n"
        "all                        9 killed    2 survived"
    )


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
def test_the_exit_tells_too_few_from_none(mutmut: Path, out: str, status: str, code: Exit) -> None:
    (mutmut / "out").write_text(out)
    (mutmut / "status").write_text(status)
    assert main(["gate"]) is code


def test_every_call_starts_anew(mutmut: Path) -> None:
    (mutmut / "out").write_text(results(killed=1))
    (mutmut / "mutants").mkdir()
    assert main(["gate"]) is Exit.PASS
    assert not (mutmut / "mutants").exists()
    assert (mutmut / "called").read_text() == "run covernance.*.gate.*\nresults --all true\n"
