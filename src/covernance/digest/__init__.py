"""Summarise the last days in Markdown, JSON and charts."""
