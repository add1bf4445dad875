"""What the layer costs, as ratios to bare pytest in the same run: `nox -s bench`."""
