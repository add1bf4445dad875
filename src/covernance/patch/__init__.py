"""Coverage of the lines and branches that a change adds or edits."""
