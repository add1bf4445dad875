"""Check measured coverage against floors."""
