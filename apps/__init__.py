"""The reference system: the services of the coverage hub."""
