"""Summarise recent results as Markdown, JSON and charts."""
