"""Measure suites, assess the results, publish reports."""
