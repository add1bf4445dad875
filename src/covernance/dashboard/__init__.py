"""Render the landing page, badges, metrics and reports per theme."""
