from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from covernance_agent import install
from covernance_agent.journal import BEGAN, READ, SETTINGS, STARTED, Settings, command, read

pytestmark = pytest.mark.reliability


def test_the_line_is_put_in_once(tmp_path: Path) -> None:
    assert install.prepare(tmp_path) == ""
    (path,) = tmp_path.iterdir()
    assert path.name < "a1_coverage.pth"
    before = path.stat().st_mtime_ns
    assert install.prepare(tmp_path) == ""
    assert path.stat().st_mtime_ns == before


def test_an_environment_that_can_not_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "can't be written" in install.prepare(tmp_path / "file")


def test_the_line_traces_a_process_and_its_children(tmp_path: Path) -> None:
    """Where the environment asks for it; `-m site` shows the folder works as any other."""
    install.prepare(tmp_path)
    data = tmp_path / "data"
    data.write_text("1", encoding="utf-8")
    trace = tmp_path / "trace"
    settings = Settings(str(trace), (), (f"{sys.prefix}/",), (f"{sys.base_prefix}/",))
    child = f"open({str(data)!r}).read()"
    program = (
        f"import site; site.addsitedir({str(tmp_path)!r})\n"
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)\n"
        f"import os; assert os.stat({str(data)!r}).st_size == 1\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "/usr/bin", SETTINGS: settings.encode()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    entries = list(read(str(trace)))
    assert entries[0].kind == BEGAN
    started = next(entry for entry in entries if entry.kind == STARTED)
    assert started.what.endswith(command(0, ["-c", child])[1:])
    if any(entry.kind == BEGAN and entry.what == started.what for entry in entries):
        assert any(entry.kind == READ and entry.what == str(data) for entry in entries)


def test_a_traced_process_keeps_no_module_of_the_layer(tmp_path: Path) -> None:
    install.prepare(tmp_path)
    trace = tmp_path / "trace"
    settings = Settings(str(trace), (), (f"{sys.prefix}/",), (f"{sys.base_prefix}/",))
    program = (
        f"import site, sys; site.addsitedir({str(tmp_path)!r})\n"
        "assert not [name for name in sys.modules if name.partition('.')[0] == 'covernance']\n"
        f"open({__file__!r}).read()\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": "/usr/bin", SETTINGS: settings.encode()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert any(entry.kind == READ and entry.what == __file__ for entry in read(str(trace)))


def test_a_folder_that_site_comes_to_twice_is_traced_once(tmp_path: Path) -> None:
    install.prepare(tmp_path)
    trace = tmp_path / "trace"
    settings = Settings(str(trace), (), (f"{sys.prefix}/",), (f"{sys.base_prefix}/",))
    again = f"site.addsitedir({str(tmp_path)!r}); "
    ran = subprocess.run(
        [sys.executable, "-c", f"import site; {again}{again}"],
        env={"PATH": "/usr/bin", SETTINGS: settings.encode()},
        check=False,
    )
    assert ran.returncode == 0
    assert [entry.kind for entry in read(str(trace))].count(BEGAN) == 1


def test_a_process_that_is_not_asked_is_not_traced(tmp_path: Path) -> None:
    install.prepare(tmp_path)
    program = f"import site, sys; site.addsitedir({str(tmp_path)!r})\n"
    program += "assert 'covernance_agent.tracer' not in sys.modules"
    ran = subprocess.run([sys.executable, "-c", program], env={}, check=False)
    assert ran.returncode == 0
