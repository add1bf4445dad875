"""Reuse the result of a suite's last passing full run if nothing it depends on changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.environment import Environment
from covernance.agent.sources import list_settings_files
from covernance.config import Suite
from covernance.contents import Contents
from covernance.context import Context
from covernance.engine.theme_result import ThemeResult
from covernance.errors import Exit, InputError
from covernance.git.committed_results import COMMITTED, is_committed
from covernance.git.listing import Tracked, list_tracked
from covernance.git.provenance import add_environment, describe_run, read_head
from covernance.judgement import Judgement, judge_stored
from covernance.model import snapshot
from covernance.model.inputs import Inputs
from covernance.model.snapshot import REUSED, Origin, Provenance, Snapshot
from covernance.model.suite_result import SuiteResult, to_suite_result
from covernance.model.text import escape_unprintable
from covernance.model.verdict import Verdict
from covernance.patch import recorded
from covernance.reuse import evidence, path_states, policy, traces, walk
from covernance.reuse.conditions import describe_environment, digest
from covernance.reuse.evidence import ENVIRONMENT, Evidence, Seen
from covernance.reuse.repository_inputs import list_inputs
from covernance.reuse.seen import Looks, Sightings
from covernance.reuse.trace_file import VARIABLE, TraceSettings, announcement
from covernance.reuse.traces import NOT_TRACED, Gathered

_COMMIT = "the commit"
_PATH = "the environment variable PATH"


class Found(msgspec.Struct, frozen=True):
    """The evidence of a suite's last passing full run, and why it can't be reused.

    `reasons` is empty if it can be reused.
    """

    evidence: Evidence | None
    reasons: tuple[str, ...]


class Reuse:
    """Finds, reuses and stores results during one invocation."""

    def __init__(self, context: Context, arguments: Sequence[str]) -> None:
        """Remember the inputs of the invocation; no file is read yet.

        Args:
            context: The table, the environment variables and the start of the invocation.
            arguments: The pytest arguments.
        """
        self._context = context
        self._root, self._layout = context.root, context.layout
        self._arguments = tuple(arguments)
        self._looks = Looks(context.root)
        self._environments: dict[str, Environment] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self._before: dict[str, Seen] = {}
        self._stamps: walk.Stamps = {}
        self._measured: str | None = None
        self._contents = Contents(context)

    def find(self, suite: Suite, python: Path | None = None) -> Found:
        """Compare the stored evidence of a suite with the current state.

        Args:
            suite: The suite.
            python: The interpreter that would run it; None for the one that ran it last.
        """
        try:
            stored = evidence.read(self._layout.evidence(suite.name))
        except InputError as error:
            return Found(None, (str(error),))
        if stored is None:
            return Found(None, ("no result of a passing full run is stored",))
        if is_committed(self._layout.evidence(suite.name)):
            return Found(None, (f"its stored result {COMMITTED}",))
        present = policy.Present(
            settings=self._present(stored, python)
            | (self._surroundings() if stored.programs else {}),
            seen=self._looks.again(stored.seen),
            reports={path: report_digest(self._root / path) for path in stored.reports},
            now=self._context.now,
        )
        max_age = timedelta(days=self._context.table.reuse.max_age_days)
        return Found(stored, policy.find_reasons_to_run(stored, present, max_age))

    def reuse_results(
        self,
        suites: Iterable[Suite],
        judgements: Mapping[str, Judgement],
        agents: Mapping[str, Agent],
        report: Callable[[str], None],
    ) -> dict[str, SuiteResult]:
        """Publish the stored results that can be reused, and return them by suite.

        They are checked against today's floors and exceptions. Suites that fail are not reused.

        Args:
            suites: The requested suites.
            judgements: The floor and exceptions of each suite.
            agents: The agent of each suite.
            report: Receives a line for each suite whose stored result can't be reused.
        """
        candidates = {
            suite.name: (suite, self.find(suite, agents[suite.name].python)) for suite in suites
        }
        for name, (_, candidate) in candidates.items():
            if candidate.evidence and candidate.reasons:
                report(f"{name}: runs again: {_first(candidate.reasons)}")
        reusable = {
            name: (suite, candidate.evidence)
            for name, (suite, candidate) in candidates.items()
            if not candidate.reasons
        }
        if not reusable:
            return {}
        source = describe_run(self._context)
        change = recorded.find_change(self._context)
        results = {}
        for name, (suite, depended_on) in reusable.items():
            today = msgspec.structs.replace(judgements[name], change=change)
            if depended_on and (
                result := self._check_again(suite, depended_on, today, source, agents[name])
            ):
                self._publish(result, depended_on)
                results[name] = to_suite_result(result, (self._layout.snapshot(name),))
        return results

    def _check_again(
        self,
        suite: Suite,
        depended_on: Evidence,
        today: Judgement,
        source: Provenance,
        agent: Agent,
    ) -> Snapshot | None:
        """The stored result, checked again today; None if it does not pass."""
        stored = judge_stored(suite, snapshot.read(self._layout.snapshot(suite.name)), today)
        if stored.verdict != Verdict.PASS or stored.suite != suite.name:
            return None
        origin = Origin(depended_on.commit, depended_on.recorded_at)
        here = msgspec.structs.replace(
            add_environment(source, depended_on.environment),
            contents=self._contents.of_suite(suite, stored.provenance.contents),
        )
        result = msgspec.structs.replace(
            stored, provenance=msgspec.structs.replace(here, source=REUSED, origin=origin)
        )
        if today.change is None:
            return msgspec.structs.replace(result, patch=None)
        if stored.patch and stored.patch.base == today.change.base:
            return result  # of the same sources
        counted = recorded.ask_patch(self._root, suite, result, today.change, agent)
        return msgspec.structs.replace(result, patch=counted)

    def forget(self, suites: Iterable[Suite]) -> None:
        """Delete the evidence of suites that will be measured; passing full runs store it again."""
        for suite in suites:
            self._layout.evidence(suite.name).unlink(missing_ok=True)

    def prepare(self, suites: Iterable[Suite], environments: Mapping[str, Environment]) -> None:
        """Record the state of suites before they are measured."""
        self._environments |= environments
        self._measured = read_head(self._root)
        for suite in suites:
            described = self._describe(environments[suite.name], self._looks)
            self._settings[suite.name] = described
            self._before[suite.name] = walk.seen(self._looks, self._root, self._parts(suite))
        self._stamps = walk.stamps(self._root, self._skipped)

    def trace_variables(
        self, run_folders: Sequence[Path], suite: str, file: Path
    ) -> dict[str, str]:
        """The variables that trace a process of a suite into a file.

        Args:
            run_folders: The folders that the run itself writes, which are not traced.
            suite: The suite.
            file: The trace.
        """
        environment = self._environments[suite]
        trace_settings = TraceSettings(
            file=str(file),
            own=_as_prefixes(run_folders),
            installed=_as_prefixes(environment.installed),
            known=_as_prefixes(environment.standard_library),
        )
        return {VARIABLE: trace_settings.encode()}

    def gather(self, suite: Suite, results: Sequence[ThemeResult]) -> Gathered:
        """Combine the traces of a suite's themes, and check that nothing changed meanwhile."""
        announcements = {
            str(trace.file): announcement(trace.parent, trace.arguments)
            for result in results
            if (trace := result.trace)
        }
        gathered = traces.gather(announcements, self._root)
        refusals = {*gathered.refusals, *(NOT_TRACED for result in results if not result.trace)}
        changed = self._changed_meanwhile(suite.name, gathered.installed)
        return msgspec.structs.replace(gathered, refusals=(*sorted(refusals), *changed))

    def inputs(self, suite: Suite, gathered: Gathered) -> Inputs:
        """The files of the repository that a run depended on, even if it can't be reused."""
        root = self._root
        refusals = list(gathered.refusals)
        if read_head(root) != self._measured:
            refusals.append("another commit was checked out while the suite ran")
        if gathered.programs:
            refusals += self._edited_meanwhile()
        declared = walk.seen(self._looks, root, self._context.table.reuse.files)
        traced = msgspec.structs.replace(gathered, refusals=tuple(refusals))
        return list_inputs(root, traced, declared, self._before[suite.name], self._tracked)

    def store(self, suite: Suite, python: Path, result: SuiteResult, gathered: Gathered) -> None:
        """Store the evidence of a passing full run; do nothing after any other run."""
        if result.partial or result.exit is not Exit.PASS or not result.published:
            return
        sightings = Sightings(self._root)
        sightings.update(gathered.seen)
        sightings.update(self._before[suite.name])
        installed = sorted({path for path, _ in gathered.installed})
        sightings.update(walk.seen(Looks(self._root), self._root, installed))
        refusals = list(gathered.refusals)
        described = dict(self._settings[suite.name])
        if gathered.programs:
            described |= self._surroundings()
            repository = walk.seen(Looks(self._root), self._root, ["."], self._skipped)
            sightings.update(repository)
            refusals += self._edited_meanwhile()
        source = result.snapshot.provenance
        reports = (*result.published, self._layout.data(suite.name))
        stored = Evidence(
            suite=suite.name,
            commit=source.commit,
            recorded_at=source.recorded_at,
            python=str(python),
            environment=self._environments[suite.name],
            settings=described,
            seen=sightings.seen(),
            reports={os.path.relpath(path, self._root): report_digest(path) for path in reports},
            refusals=tuple(refusals),
            programs=gathered.programs,
        )
        files.write_atomic(self._layout.evidence(suite.name), stored.encode())

    @property
    def _skipped(self) -> tuple[Path, ...]:
        installed = {
            Path(folder)
            for environment in self._environments.values()
            for folder in environment.installed
        }
        return (self._layout.folder, *sorted(installed))

    def _present(self, stored: Evidence, python: Path | None) -> dict[str, str]:
        described = self._describe(stored.environment, self._looks)
        if python is None or stored.python == str(python):
            return described
        return described | {ENVIRONMENT: str(python)}

    def _describe(self, environment: Environment, looks: Looks) -> dict[str, str]:
        return describe_environment(self._context, self._arguments, environment, looks)

    @cached_property
    def _settings_after(self) -> dict[str, dict[str, str]]:
        """The settings after all tests have ended, before the first suite is stored."""
        looks = Looks(self._root)
        return {
            name: self._describe(environment, looks)
            for name, environment in self._environments.items()
        }

    def _surroundings(self) -> dict[str, str]:
        """What untraced programs can read: the commit, from git, and where programs are found."""
        path = digest(self._context.environ.get("PATH", ""))
        return {_COMMIT: str(read_head(self._root)), _PATH: path}

    @cached_property
    def _tracked(self) -> Tracked | None:
        return list_tracked(self._root)

    def _edited_meanwhile(self) -> list[str]:
        """A refusal if untraced programs may have read files in two states."""
        if walk.stamps(self._root, self._skipped) != self._stamps:
            return ["the repository changed while untraced programs ran"]
        return []

    def _parts(self, suite: Suite) -> list[str]:
        parts = [*suite.source, *suite.tests, "pyproject.toml"]
        parts += list_settings_files(self._context.environ)
        parts += [suite.requirements] if suite.requirements else []
        return [*parts, *self._context.table.reuse.files]

    def _changed_meanwhile(self, suite: str, installed: Iterable[tuple[str, str]]) -> list[str]:
        if self._settings_after[suite] != self._settings[suite]:
            return ["the environment changed while the suite ran"]
        return [
            f"{path} changed while the suite ran"
            for path, stamp in sorted(installed)
            if path_states.stamp(path) != stamp
        ]

    def _publish(self, result: Snapshot, stored: Evidence) -> None:
        target = self._layout.snapshot(result.suite)
        name = os.path.relpath(target, self._root)
        with files.locked(self._layout.lock):
            files.write_atomic(target, result.encode())
            renewed = msgspec.structs.replace(
                stored, reports=stored.reports | {name: report_digest(target)}
            )
            files.write_atomic(self._layout.evidence(result.suite), renewed.encode())


def report_digest(path: Path) -> str:
    """The digest of a report: a file, or a folder with its content."""
    if not path.is_dir():
        return path_states.content(str(path))
    lines = [
        f"{file.relative_to(path)} {path_states.digest(str(file))}"
        for file in sorted(path.rglob("*"))
        if file.is_file()
    ]
    return digest("\n".join(lines))


def _first(reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1} more: `covernance cache show`)" if reasons[1:] else ""
    return f"{escape_unprintable(reasons[0])}{more}"


def _as_prefixes(folders: Iterable[Path | str]) -> tuple[str, ...]:
    return tuple(sorted({f"{folder}/" for folder in folders}))
