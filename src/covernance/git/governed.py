"""Find the rules that a change is judged by."""

from __future__ import annotations

import msgspec

from covernance.config.governing import govern
from covernance.context import Context
from covernance.errors import ConfigError
from covernance.git.base_table import read_base_table


class Governed(msgspec.Struct, frozen=True):
    """What a gate works with.

    Attributes:
        context: The context, whose table has the governing keys of the base.
        notes: Which values of the present table don't count, and why.
    """

    context: Context
    notes: tuple[str, ...] = ()


def govern_context(context: Context, base: str | None) -> Governed:
    """Put the governing keys of the table at the base into the context.

    Without a base, or a table there that can be read, the present table governs.

    Args:
        context: The context.
        base: The commit that the change is compared with; None if there is none.

    Raises:
        MachineError: git can't read the base.
    """
    if base is None:
        return Governed(context)
    try:
        table = read_base_table(context.root, base)
    except ConfigError as error:
        return Governed(context, (f"{error}; the table of this change counts",))
    if not table:
        return Governed(context, ("the base has no table; that of this change counts",))
    governing = govern(context.table, table)
    return Governed(msgspec.structs.replace(context, table=governing.table), governing.notes)
