"""Stores of snapshots of earlier runs."""
