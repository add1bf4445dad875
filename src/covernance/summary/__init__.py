"""Report the state of all suites."""
