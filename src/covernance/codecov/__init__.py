"""Generate codecov.yml from the table."""
