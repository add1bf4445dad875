"""Generate the landing page, badges, metrics and one HTML report per theme."""
