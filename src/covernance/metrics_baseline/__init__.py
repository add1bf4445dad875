"""Repeat suites in random order to measure times and flaky tests."""
