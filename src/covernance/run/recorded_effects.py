"""Record what decided a suite's result, and what came of it; `integrity` compares it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from covernance.agent.reports import Reported
from covernance.engine.theme_result import ThemeResult
from covernance.model.effects import Effects, Setting


def record_effects(
    results: Sequence[ThemeResult], reported: Reported, values: Mapping[str, Setting]
) -> Effects | None:
    """Gather the effects of a run; None if no theme left a record, or nothing was counted.

    Args:
        results: The results of the suite's themes, which read the same settings of pytest.
        reported: The counts, with coverage.py's settings.
        values: The suite's values in the table.
    """
    records = [result.record for result in results if result.record]
    if not records or reported.settings is None:
        return None
    deselected = {test for record in records for test in record.collected.deselected}
    return Effects(
        coverage=reported.settings,
        pytest=records[0].settings,
        table=dict(values),
        plugins=records[0].plugins,
        unmeasured=reported.unmeasured,
        skipped_files={
            name: reason
            for record in records
            for name, reason in record.reasons.items()
            if name not in record.outcomes
        },
        deselected=tuple(sorted(deselected)),
    )
