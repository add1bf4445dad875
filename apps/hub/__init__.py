"""Development runner: both services on loopback, with a client to try them."""
