"""The tested environment's interpreter, and the agent that works in it."""
