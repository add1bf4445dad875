"""Which suites and tests a change affects."""
