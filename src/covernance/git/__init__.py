"""Use git: run it, read commits and changes, describe a checkout, write commits."""
