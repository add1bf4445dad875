"""Snapshots at rest: a folder or a git branch behind one protocol."""
