"""covernance: test orchestration and coverage governance on nox, coverage.py and pytest."""

__version__ = "0.1.0"
