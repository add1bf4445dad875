"""Code shared by commands: options, tables, the terminal."""
