"""Compare results with those of the base commit."""
