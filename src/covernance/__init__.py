"""covernance: test orchestration and coverage governance on nox, coverage.py and pytest."""
