"""Runs inside the tested environment: collects, runs, measures, traces and counts."""
