"""Plan passes and run them in processes."""
