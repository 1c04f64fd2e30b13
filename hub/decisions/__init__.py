"""What the hub states by itself or for people: days, stops, leases, adjustments, forks."""
