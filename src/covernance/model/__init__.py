"""The numbers: integers, no I/O beyond coverage data."""
