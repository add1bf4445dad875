"""Repeat suites in random order to measure run times and find flaky tests."""
