"""Benchmarks of the tool's overhead, as ratios to bare pytest: `nox -s bench`."""
