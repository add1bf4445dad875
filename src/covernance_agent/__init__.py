"""Code that runs in the tested environment: runs tests, traces, counts and writes reports.

It needs only the standard library and that environment's pytest and coverage; it imports nothing
from the tool.
"""
