"""Plan CI jobs, and carry results forward for suites that need no job."""
