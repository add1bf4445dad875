"""Verdicts: `pass`, or the kind of failure."""

from __future__ import annotations

import msgspec

from covernance.errors import Exit

PASS = "pass"  # noqa: S105 - a verdict, no secret


TESTS_FAILED = "tests-failed"


NO_TESTS = "no-tests"


NO_DATA = "no-data"


ZERO_STATEMENTS = "zero-statements"


BELOW_FLOOR = "below-floor"


EXPIRED_EXCEPTION = "expired-exception"


class Verdict(msgspec.Struct, frozen=True):
    """`pass`, or the kind of the first failure; `reasons` has one sentence per failure."""

    name: str
    reasons: tuple[str, ...] = ()

    @property
    def exit(self) -> Exit:
        """The exit code of a command with this verdict."""
        if self.name == PASS:
            return Exit.PASS
        return Exit.TESTS_FAILED if self.name == TESTS_FAILED else Exit.GATE
