"""`scripts/bootstrap.py` on Pythons with and without ensurepip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.reliability

ROOT = Path(__file__).parents[2]

WITHOUT = """
import sys
for name in {names}:
    sys.modules[name] = None
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("scripts/bootstrap.py", "requirements/nox.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def bootstrap(checkout: Path, *hidden: str) -> subprocess.CompletedProcess[str]:
    """Run it on a Python that lacks the hidden modules, with only the system's folders on PATH."""
    environ = {"HOME": str(checkout), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    for name in os.environ.keys() & {"PIP_CERT", "SSL_CERT_FILE", "PIP_INDEX_URL"}:
        environ[name] = os.environ[name]
    if hidden:
        shim = checkout / "shim" / "sitecustomize.py"
        shim.parent.mkdir()
        shim.write_text(WITHOUT.format(names=hidden))
        environ["PYTHONPATH"] = str(shim.parent)
    base = Path(sys.base_prefix) / "bin" / "python3"
    return subprocess.run(
        (str(base), "scripts/bootstrap.py"),
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "hidden", [(), ("ensurepip",), ("ensurepip", "pip")], ids=["whole", "no-ensurepip", "no-pip"]
)
def test_nox_and_uv_are_set_up_whatever_the_python_came_with(
    checkout: Path, hidden: tuple[str, ...]
) -> None:
    done = bootstrap(checkout, *hidden)
    assert done.returncode == 0, done.stdout + done.stderr
    for tool in ("nox", "uv"):
        subprocess.run((checkout / ".venv/bin" / tool, "--version"), check=True)


def test_a_second_call_keeps_the_environment(checkout: Path) -> None:
    bootstrap(checkout)
    (checkout / ".venv" / "mine").touch()
    done = bootstrap(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "setting up" not in done.stdout
    assert (checkout / ".venv" / "mine").exists()


def test_a_half_made_environment_is_made_again(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    done = bootstrap(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / ".venv/bin/nox").exists()


@pytest.mark.security
def test_a_package_whose_hash_differs_is_not_installed(checkout: Path) -> None:
    lock = checkout / "requirements/nox.txt"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0")[: 10**6])
    done = bootstrap(checkout)
    assert done.returncode == 1
    assert "bootstrap: nox could not be installed" in done.stderr
