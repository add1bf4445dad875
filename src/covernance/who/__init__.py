"""Which tests cover a line."""
