"""A plan's work, done: here, on worker processes or on a cluster."""
