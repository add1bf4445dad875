"""From tests to coverage data."""
