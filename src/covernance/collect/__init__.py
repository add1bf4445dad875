"""Merge what the jobs of a CI matrix measured."""
