"""Rows of text as aligned columns."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def align(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> str:
    """Pad cells to the width of their column, two spaces apart, and underline the first row.

    Args:
        rows: The header and the rows below it, all with the same number of cells.
        right: The right-aligned columns, counted from 0.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = rows
    ruled = [head, ["-" * width for width in widths], *body]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in ruled
    )
