"""Whole workflows, executed by act on this machine."""
