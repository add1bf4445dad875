"""Which suites and tests a change touches."""
