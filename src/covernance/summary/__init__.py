"""Summarise the state of all suites."""
