"""The reference system: services of the coverage hub."""
