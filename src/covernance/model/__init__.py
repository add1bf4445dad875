"""Data types: counts, snapshots, verdicts, and their text forms."""
