"""Combine the data of all suites into one baseline."""
