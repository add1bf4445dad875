"""Let a suite's last green full run stand for a new one, where nothing it depended on changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from covernance import files
from covernance.agent.client import Agent
from covernance.agent.environment import Environment
from covernance.agent.sources import SETTINGS_FILES
from covernance.config import Suite, Table
from covernance.engine.passes import Pass
from covernance.engine.processes import Finished
from covernance.errors import Exit, InputError
from covernance.git.listing import Tracked, list_tracked
from covernance.git.provenance import add_environment, describe_run, read_head
from covernance.judgement import Judgement, judge_stored
from covernance.layout import Layout
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
from covernance.reuse.traces import Gathered

_COMMIT = "the commit"


class Found(msgspec.Struct, frozen=True):
    """What is kept of a suite's last green full run, and why it can't stand for a new one.

    `reasons` is empty where it can.
    """

    evidence: Evidence | None
    reasons: tuple[str, ...]


class Reuse:
    """One invocation's view of what was, is, and is to be reused."""

    def __init__(
        self,
        table: Table,
        environ: Mapping[str, str],
        arguments: Sequence[str],
        now: datetime,
    ) -> None:
        """Look at the environment; at paths only when they are asked for.

        Args:
            table: The table.
            environ: The environment.
            arguments: What the user gave for pytest.
            now: The time of the invocation, with a time zone.
        """
        self._table = table
        self._layout = Layout(table.root)
        self._environ = environ
        self._arguments = tuple(arguments)
        self._now = now
        self._looks = Looks(table.root)
        self._environments: dict[str, Environment] = {}
        self._settings: dict[str, dict[str, str]] = {}
        self._before: dict[str, Seen] = {}
        self._stamps: walk.Stamps = {}
        self._measured: str | None = None

    def find(self, suite: Suite, python: Path) -> Found:
        """Hold what is kept of a suite against the present, in which `python` would run it."""
        try:
            kept = evidence.read(self._layout.evidence(suite.name))
        except InputError as error:
            return Found(None, (str(error),))
        if kept is None:
            return Found(None, ("there is no green full run to reuse",))
        present = policy.Present(
            settings=self._present(kept, python) | (self._checkout() if kept.programs else {}),
            seen=self._looks.again(kept.seen),
            reports={path: report_digest(self._table.root / path) for path in kept.reports},
            now=self._now,
        )
        max_age = timedelta(days=self._table.reuse.max_age_days)
        return Found(kept, policy.reasons(kept, present, max_age))

    def stand_ins(
        self,
        suites: Iterable[Suite],
        judgements: Mapping[str, Judgement],
        agents: Mapping[str, Agent],
        told: Callable[[str], None],
    ) -> dict[str, SuiteResult]:
        """The last green full runs that can be the results of this one, by suite.

        They are judged by today's floors and exceptions. What these refuse is measured.

        Args:
            suites: The suites that were asked for.
            judgements: What each is judged by.
            agents: The agent of each.
            told: Takes a line on each suite that has such a run, and runs again.
        """
        found = {
            suite.name: (suite, self.find(suite, agents[suite.name].python)) for suite in suites
        }
        for name, (_, one) in found.items():
            if one.evidence and one.reasons:
                told(f"{name}: runs again: {_first(one.reasons)}")
        kept = {
            name: (suite, one.evidence) for name, (suite, one) in found.items() if not one.reasons
        }
        if not kept:
            return {}
        source = describe_run(self._table, self._environ, self._now)
        change = recorded.find_change(self._table, self._environ)
        results = {}
        for name, (suite, depended_on) in kept.items():
            today = msgspec.structs.replace(judgements[name], change=change)
            if depended_on and (
                result := self._judged(suite, depended_on, today, source, agents[name])
            ):
                self._publish(result, depended_on)
                results[name] = to_suite_result(result, (self._layout.snapshot(name),))
        return results

    def _judged(
        self,
        suite: Suite,
        depended_on: Evidence,
        today: Judgement,
        source: Provenance,
        agent: Agent,
    ) -> Snapshot | None:
        """The kept result as one of today; None where it does not pass any more."""
        kept = judge_stored(suite, snapshot.read(self._layout.snapshot(suite.name)), today)
        if kept.verdict != Verdict.PASS or kept.suite != suite.name:
            return None
        origin = Origin(depended_on.commit, depended_on.recorded_at)
        here = add_environment(source, depended_on.environment)
        result = msgspec.structs.replace(
            kept, provenance=msgspec.structs.replace(here, source=REUSED, origin=origin)
        )
        if today.change is None:
            return msgspec.structs.replace(result, patch=None)
        if kept.patch and kept.patch.base == today.change.base:
            return result  # of the same sources
        counted = recorded.ask_patch(self._table.root, suite, result, today.change, agent)
        return msgspec.structs.replace(result, patch=counted)

    def forget(self, suites: Iterable[Suite]) -> None:
        """Forget what is kept of suites that are measured; a green full run brings it back."""
        for suite in suites:
            self._layout.evidence(suite.name).unlink(missing_ok=True)

    def prepare(self, suites: Iterable[Suite], environments: Mapping[str, Environment]) -> None:
        """Get ready to measure suites: look at what they consist of."""
        self._environments |= environments
        self._measured = read_head(self._table.root)
        for suite in suites:
            described = self._describe(environments[suite.name], self._looks)
            self._settings[suite.name] = described
            self._before[suite.name] = walk.seen(self._looks, self._table.root, self._parts(suite))
        self._stamps = walk.stamps(self._table.root, self._skipped)

    def traced(self, planned: Pass, own: Sequence[Path]) -> Pass:
        """A pass that notes what it reads; nothing is noted of the folders `own`."""
        environment = self._environments[planned.suite]
        noting = TraceSettings(
            file=str(_trace(planned)),
            own=_as_prefixes(own),
            installed=_as_prefixes(environment.installed),
            known=_as_prefixes(environment.standard_library),
        )
        variables = planned.environment | {VARIABLE: noting.encode()}
        return msgspec.structs.replace(planned, environment=variables)

    def gather(self, suite: Suite, finished: Sequence[Finished]) -> Gathered:
        """Gather what the passes of a suite did, with all that speaks against the traces."""
        passes = {
            str(_trace(one.planned)): announcement(os.getpid(), one.planned.command[1:])
            for one in finished
        }
        gathered = traces.gather(passes, self._table.root)
        changed = self._changed_meanwhile(suite.name, gathered.installed)
        return msgspec.structs.replace(gathered, refusals=(*gathered.refusals, *changed))

    def inputs(self, suite: Suite, gathered: Gathered) -> Inputs:
        """What a run depended on of the repository, whether its result may be reused or not."""
        root = self._table.root
        refusals = list(gathered.refusals)
        if read_head(root) != self._measured:
            refusals.append("another commit was checked out while the suite ran")
        if gathered.programs:
            refusals += self._edited_meanwhile()
        declared = walk.seen(self._looks, root, self._table.reuse.files)
        traced = msgspec.structs.replace(gathered, refusals=tuple(refusals))
        return list_inputs(root, traced, declared, self._before[suite.name], self._tracked)

    def keep(self, suite: Suite, python: Path, result: SuiteResult, gathered: Gathered) -> None:
        """Keep what a green full run depended on; do nothing after any other run."""
        if result.partial or result.exit is not Exit.PASS or not result.published:
            return
        sightings = Sightings(self._table.root)
        sightings.update(gathered.seen)
        sightings.update(self._before[suite.name])
        installed = sorted({path for path, _ in gathered.installed})
        sightings.update(walk.seen(Looks(self._table.root), self._table.root, installed))
        refusals = list(gathered.refusals)
        described = self._settings[suite.name]
        if gathered.programs:
            described |= self._checkout()
            everything = walk.seen(Looks(self._table.root), self._table.root, ["."], self._skipped)
            sightings.update(everything)
            refusals += self._edited_meanwhile()
        source = result.snapshot.provenance
        reports = (*result.published, self._layout.data(suite.name))
        kept = Evidence(
            suite=suite.name,
            commit=source.commit,
            recorded_at=source.recorded_at,
            python=str(python),
            environment=self._environments[suite.name],
            settings=described,
            seen=sightings.seen(),
            reports={
                os.path.relpath(path, self._table.root): report_digest(path) for path in reports
            },
            refusals=tuple(refusals),
            programs=gathered.programs,
        )
        files.write_atomic(self._layout.evidence(suite.name), kept.encode())

    @property
    def _skipped(self) -> tuple[Path, ...]:
        installed = {
            Path(folder)
            for environment in self._environments.values()
            for folder in environment.installed
        }
        return (self._layout.folder, *sorted(installed))

    def _present(self, kept: Evidence, python: Path) -> dict[str, str]:
        described = self._describe(kept.environment, self._looks)
        if kept.python == str(python):
            return described
        return described | {ENVIRONMENT: str(python)}

    def _describe(self, environment: Environment, looks: Looks) -> dict[str, str]:
        return describe_environment(
            self._table.root,
            self._environ,
            self._table.reuse.environment,
            self._arguments,
            environment,
            looks,
        )

    @cached_property
    def _settings_after(self) -> dict[str, dict[str, str]]:
        """The settings once all passes have ended, which is before the first suite is kept."""
        looks = Looks(self._table.root)
        return {
            name: self._describe(environment, looks)
            for name, environment in self._environments.items()
        }

    def _checkout(self) -> dict[str, str]:
        """What a program that is not traced can ask git."""
        return {_COMMIT: str(read_head(self._table.root))}

    @cached_property
    def _tracked(self) -> Tracked | None:
        return list_tracked(self._table.root)

    def _edited_meanwhile(self) -> list[str]:
        """What a program that is not traced may have read before or after it was edited."""
        if walk.stamps(self._table.root, self._skipped) != self._stamps:
            return ["the repository changed while programs that are not traced ran"]
        return []

    def _parts(self, suite: Suite) -> list[str]:
        parts = [*suite.source, *suite.tests, "pyproject.toml", *SETTINGS_FILES]
        parts += [suite.requirements] if suite.requirements else []
        return [*parts, *self._table.reuse.files]

    def _changed_meanwhile(self, suite: str, installed: Iterable[tuple[str, str]]) -> list[str]:
        if self._settings_after[suite] != self._settings[suite]:
            return ["the environment changed while the suite ran"]
        return [
            f"{path} changed while the suite ran"
            for path, stamp in sorted(installed)
            if path_states.stamp(path) != stamp
        ]

    def _publish(self, result: Snapshot, kept: Evidence) -> None:
        target = self._layout.snapshot(result.suite)
        name = os.path.relpath(target, self._table.root)
        with files.locked(self._layout.lock):
            files.write_atomic(target, result.encode())
            renewed = msgspec.structs.replace(
                kept, reports=kept.reports | {name: report_digest(target)}
            )
            files.write_atomic(self._layout.evidence(result.suite), renewed.encode())


def report_digest(path: Path) -> str:
    """A digest of a report: a file, or a folder with all that is in it."""
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


def _trace(planned: Pass) -> Path:
    return planned.folder / "trace"


def _as_prefixes(folders: Iterable[Path | str]) -> tuple[str, ...]:
    return tuple(sorted({f"{folder}/" for folder in folders}))
