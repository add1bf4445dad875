"""Run git: commits and their ancestors, changes, the origin of a result, new commits."""
