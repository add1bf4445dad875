"""Send alerts when the state of a suite changes."""
