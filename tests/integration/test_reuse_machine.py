"""Edit a small repository at random: what would be reused must be what a fresh run finds."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.integration.reuse_sample import FILES, Sample

pytestmark = pytest.mark.reliability

ADDED = {"conftest.py", "json.py", "overrides/local.toml", "left/helpers.py"}
NAMES = st.sampled_from(sorted(({*FILES} | ADDED) - {"pyproject.toml", "locks/calc.txt"}))
"""Without the two there is no table, or no suite, to ask about."""

UNREAD = ["README.md", "plain/__init__.py", "tests/plain/test_plain.py"]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    found = Sample(tmp_path_factory.mktemp("machine"))
    assert found.ran.code == 0, found.ran.text
    sys.path.insert(0, str(found.packages))
    yield found
    sys.path.remove(str(found.packages))


def test_what_is_reused_is_what_a_fresh_run_finds(sample: Sample) -> None:
    class Edits(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.edited = False

        @initialize()
        def begin(self) -> None:
            sample.restore()

        @rule(name=NAMES, text=st.sampled_from(["", "raise SystemExit\n", "0"]))
        def write(self, name: str, text: str) -> None:
            sample.repository.write(name, text)
            self.edited = True

        @rule(name=st.sampled_from(UNREAD))
        def write_what_is_not_read(self, name: str) -> None:
            sample.append(name)
            self.edited = True

        @rule(name=NAMES)
        def delete(self, name: str) -> None:
            (sample.root / name).unlink(missing_ok=True)
            self.edited = True

        @rule()
        def undo(self) -> None:
            sample.restore()
            self.edited = False

        @invariant()
        def what_is_reused_passes(self) -> None:
            if not self.edited or sample.find().reasons:
                return
            fresh = sample.repository.command(
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/calc"),
                environ=sample.environ(),
            )
            assert fresh.code == 0, fresh.text

    run_state_machine_as_test(
        Edits,
        settings=settings(
            max_examples=12,
            stateful_step_count=6,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
