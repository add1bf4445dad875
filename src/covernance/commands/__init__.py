"""Commands of the shell's face, a module each."""
