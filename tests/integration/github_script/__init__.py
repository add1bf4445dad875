"""A script of actions/github-script, run as that action runs it."""
