"""Create .venv with the pinned nox and uv; needs only Python 3.11 or later.

If Python has no ensurepip (a separate package on Debian), another pip is used: the system's, or the
one in Debian's package python3-pip-whl, which is unpacked temporarily and needs no root.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements" / "nox.txt"
NEWEST_MINOR, OLDEST_MINOR = 20, 11


def main() -> None:
    """Create or complete .venv, or exit with one message about what is missing."""
    if sys.version_info < (3, OLDEST_MINOR):
        _restart_with_newer_python()
    if not _runs(
        str(PYTHON), "-c", f"import sys; sys.exit(sys.version_info < (3, {OLDEST_MINOR}))"
    ):
        print("setting up .venv", flush=True)
        has_ensurepip = importlib.util.find_spec("ensurepip") is not None
        venv.create(VENV, clear=True, symlinks=True, with_pip=has_ensurepip)
    with tempfile.TemporaryDirectory() as scratch:
        for pip, environment in _pips(Path(scratch)):
            command = [*pip, "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS)]
            if (
                subprocess.run(command, check=False, env={**os.environ, **environment}).returncode
                == 0
            ):
                return
    sys.exit(
        "bootstrap: nox could not be installed into .venv; see any pip output above. "
        "If Python has no ensurepip, install pip, uv or Debian's package python3-venv."
    )


def _restart_with_newer_python() -> None:
    for minor in range(NEWEST_MINOR, OLDEST_MINOR - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and _runs(newer, "-c", ""):  # a shim of pyenv may have nothing behind it
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 - restarts this script without a shell
    sys.exit(f"bootstrap: needs Python 3.{OLDEST_MINOR} or later; this is {sys.version.split()[0]}")


def _pips(scratch: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Yield pip commands for .venv with their environment variables, the usual one first."""
    venv_pip = [str(PYTHON), "-m", "pip"]
    if _runs(*venv_pip, "--version"):
        yield venv_pip, {}
        return
    if uv := shutil.which("uv"):
        yield [uv, "pip"], {"VIRTUAL_ENV": str(VENV)}
    if _runs(sys.executable, "-m", "pip", "--version"):
        yield [sys.executable, "-m", "pip", "--python", str(PYTHON)], {}
    if wheel := _debian_pip(scratch):
        yield venv_pip, {"PYTHONPATH": str(wheel)}


def _debian_pip(scratch: Path) -> Path | None:
    """Return Debian's pip wheel for venvs, installed or downloaded and unpacked, or None."""
    pattern = "share/python-wheels/pip-*.whl"
    installed = next(Path("/usr").glob(pattern), None)
    if installed or not shutil.which("apt-get"):
        return installed
    download = ["apt-get", "download", "-qq", "python3-pip-whl"]
    if not _runs(*download, cwd=scratch) and os.geteuid() == 0:
        _runs("apt-get", "update", "-qq")
        _runs(*download, cwd=scratch)
    for package in scratch.glob("*.deb"):
        _runs("dpkg-deb", "-x", str(package), str(scratch))
    return next(scratch.glob(f"usr/{pattern}"), None)


def _runs(*command: str, cwd: Path | None = None) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, cwd=cwd).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    main()
