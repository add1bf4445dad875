"""Reuse the result of a passing run if nothing it depended on has changed."""
