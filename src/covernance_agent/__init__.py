"""Runs inside a tested environment: collects, runs, measures, traces, counts and writes reports.

Needs the standard library, and that environment's pytest and coverage; nothing of the tool's.
"""
