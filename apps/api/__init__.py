"""The coverage hub's API: takes coverage snapshots in, serves trends and badges per tenant."""
