"""Plan the passes of a run and execute them in parallel processes."""
