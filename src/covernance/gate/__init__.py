"""Compare measured coverage with floors."""
