"""Report what a change weakens."""
