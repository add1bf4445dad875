"""The coverage hub's API: stores coverage snapshots, serves trends and badges per tenant."""
