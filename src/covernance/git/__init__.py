"""Everything that is read from git."""
