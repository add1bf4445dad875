from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import covernance_agent
from covernance_agent.journal import BEGAN, READ, SCHEMA, SETTINGS, STARTED, Settings, command
from tests.unit.covernance_agent.traces import Entry, read_trace

pytestmark = pytest.mark.reliability

STARTUP = str(Path(covernance_agent.__file__).parent / "startup")


def start(program: str, folder: Path, *path: str, trace: bool = True) -> list[Entry]:
    """Run a program as in a tested environment, and return its trace."""
    file = folder / "trace"
    noting = Settings(str(file), (), (f"{sys.prefix}/",), (f"{sys.base_prefix}/",))
    variables = {"PATH": "/usr/bin", "PYTHONPATH": ":".join((STARTUP, *path))}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=variables | ({SETTINGS: noting.encode()} if trace else {}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return read_trace(file) if file.exists() else []


def test_a_process_and_its_children_are_traced(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_text("1", encoding="utf-8")
    child = f"open({str(data)!r}).read()"
    entries = start(
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)\n"
        f"import os; assert os.stat({str(data)!r}).st_size == 1\n",
        tmp_path,
    )
    assert (entries[0].kind, entries[0].state) == (BEGAN, SCHEMA)
    started = next(entry for entry in entries if entry.kind == STARTED)
    assert started.what.endswith(command(0, ["-c", child])[1:])
    assert any(entry.kind == BEGAN and entry.what == started.what for entry in entries)
    assert any(entry.kind == READ and entry.what == str(data) for entry in entries)


def test_no_module_of_the_tracer_stays_imported(tmp_path: Path) -> None:
    start(
        "import sys\nfound = [name for name in sys.modules if name.startswith('covernance')]\n"
        "assert found == ['covernance_agent'], found\n",
        tmp_path,
    )


def test_a_process_without_the_variable_is_not_traced(tmp_path: Path) -> None:
    assert start("import covernance_agent", tmp_path, trace=False) == []


@pytest.mark.architecture
def test_the_agent_can_be_imported_and_the_search_path_is_unchanged(tmp_path: Path) -> None:
    start(
        f"import sys, covernance_agent.record\nassert {STARTUP!r} not in sys.path\n",
        tmp_path,
        trace=False,
    )


@pytest.mark.architecture
def test_a_hidden_sitecustomize_still_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.mine = 1\n", encoding="utf-8")
    program = "import sys; assert sys.mine == 1\n"
    program += "assert 'startup' not in sys.modules['sitecustomize'].__file__\n"
    start(program, tmp_path, str(tmp_path), trace=False)


@pytest.mark.parametrize("python", ["python2.7", "python3.6", "python3.8"])
def test_a_python_too_old_for_the_agent_still_starts(python: str) -> None:
    found = next(Path.home().glob(f".pyenv/versions/{python[6:]}*/bin/{python}"), None)
    if found is None:
        pytest.skip(f"{python} is not installed")
    ran = subprocess.run(
        [found, "-c", "print(1)"],
        env={
            "PYTHONPATH": STARTUP,
            "PYTHONDONTWRITEBYTECODE": "1",  # Python 2 writes it beside the source
            SETTINGS: "[]",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("1\n", "")
