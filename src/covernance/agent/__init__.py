"""Find the interpreter of a tested environment, and run the agent in it."""
